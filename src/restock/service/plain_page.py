"""Pages that need no signing in and nothing but one REST call: a form, a script, no library."""

HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>restock</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, "Noto Sans CJK SC", sans-serif }
form { max-width: 24rem; margin: 12vh auto; padding: 2rem; border: 1px solid #8886; border-radius: .5rem }
h1 { font-size: 1.25rem; margin: 0 0 1rem } label { display: block; margin: 1rem 0 .25rem }
input, button { width: 100%; box-sizing: border-box; padding: .6rem; font: inherit } button { margin-top: 1.25rem }
output { display: block; margin-top: 1rem; min-height: 1.5rem }
a { float: right; color: inherit }
</style>
</head>
"""


def plain_page(form: str, script: str) -> str:
    """The page as HTML.

    Args:
        form: HTML of the form.
        script: JavaScript, run once the form is there.
    """
    return f"{HEAD}<body>\n{form}<script>\n{script}</script>\n</body>\n</html>\n"
