"""The first page of a new user: choose a password. The token stands behind `#`, so no log and no server sees it."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>restock</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, "Noto Sans CJK SC", sans-serif }
form { max-width: 24rem; margin: 12vh auto; padding: 2rem; border: 1px solid #8886; border-radius: .5rem }
h1 { font-size: 1.25rem; margin: 0 0 1rem } label { display: block; margin: 1rem 0 .25rem }
input, button { width: 100%; box-sizing: border-box; padding: .6rem; font: inherit } button { margin-top: 1.25rem }
output { display: block; margin-top: 1rem; min-height: 1.5rem }
</style>
</head>
<body>
<form>
<h1>restock</h1>
<label for="password"></label>
<input id="password" type="password" autocomplete="new-password" minlength="10" maxlength="200" required autofocus>
<button></button><output role="status"></output>
</form>
<script>
const zh = navigator.language.startsWith("zh"), say = (en, cn) => zh ? cn : en
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
</script>
</body>
</html>
"""
