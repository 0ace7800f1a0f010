"""Where somebody signs in: plain HTML, which needs nothing but the REST call that everybody uses."""

from restock.service.plain_page import plain_page

FORM = """<form>
<a href="" id="other"></a><h1>restock</h1>
<label for="name"></label><input id="name" autocomplete="username" maxlength="80" required autofocus>
<label for="password"></label>
<input id="password" type="password" autocomplete="current-password" maxlength="200" required>
<button></button><output role="status"></output>
</form>
"""
SCRIPT = """const kept = document.cookie.match(/restock_language=(en|zh)/)
const zh = kept ? kept[1] === "zh" : navigator.language.startsWith("zh"), say = (en, cn) => zh ? cn : en
document.documentElement.lang = zh ? "zh" : "en"
const form = document.forms[0], out = document.querySelector("output"), other = document.querySelector("#other")
document.querySelector("label[for=name]").textContent = say("Name", "用户名")
document.querySelector("label[for=password]").textContent = say("Password", "密码")
document.querySelector("button").textContent = say("Sign in", "登录")
other.textContent = say("中文", "English")
other.onclick = () => { document.cookie = `restock_language=${zh ? "en" : "zh"}; path=/; SameSite=Lax` }
form.onsubmit = async event => {
  event.preventDefault()
  const answer = await fetch("/api/v1/session", {
    method: "POST", headers: {"Content-Type": "application/json", "Accept-Language": zh ? "zh" : "en"},
    body: JSON.stringify({name: form.elements.name.value, password: form.password.value}),
  })
  const said = await answer.json()
  if (!answer.ok) { out.textContent = `${said.detail}. ${said.hint}`; return }
  const next = new URLSearchParams(location.search).get("next") || ""
  location.assign(/^[/]page[/][a-z-]*$/.test(next) ? next : "/page/today")
}
"""
SIGN_IN = plain_page(FORM, SCRIPT)
