"""The first page of a new user: choose a password. The token stands behind `#`, so no log and no server sees it."""

from restock.service.plain_page import plain_page

FORM = """<form>
<h1>restock</h1>
<label for="password"></label>
<input id="password" type="password" autocomplete="new-password" minlength="10" maxlength="200" required autofocus>
<button></button><output role="status"></output>
</form>
"""
SCRIPT = """const zh = navigator.language.startsWith("zh"), say = (en, cn) => zh ? cn : en
document.documentElement.lang = zh ? "zh" : "en"
const form = document.forms[0], out = document.querySelector("output")
document.querySelector("label").textContent = say("Choose a password (10 signs or more)",
  "请设置密码（至少 10 个字符）")
document.querySelector("button").textContent = say("Sign in", "登录")
form.onsubmit = async event => {
  event.preventDefault()
  const answer = await fetch("/api/v1/session/link", {
    method: "POST", headers: {"Content-Type": "application/json", "Accept-Language": zh ? "zh" : "en"},
    body: JSON.stringify({token: location.hash.slice(1), password: form.password.value}),
  })
  const said = await answer.json()
  out.textContent = answer.ok ? say(`Welcome, ${said.name}`, `欢迎，${said.name}`) : `${said.detail}. ${said.hint}`
  if (answer.ok) { history.replaceState(null, "", "/welcome"); location.assign("/") }
}
"""
PAGE = plain_page(FORM, SCRIPT)
