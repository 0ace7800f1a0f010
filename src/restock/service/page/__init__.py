"""What a planner sees: a page per view, in English and Chinese, light and dark, on the same desk as REST.

`mounting` puts it under the application, `visitor` says who looks, `frame` draws what is around every view; `rows/` has
what the views show, as plain functions, and a file of each view's name puts it on the screen.
"""
