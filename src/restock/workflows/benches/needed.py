"""Packages of others that a rival needs; the extra `bench` brings them."""

from importlib import import_module

from restock.errors import UsageError
from restock.language import Text


def need(method: str, package: str) -> None:
    """Raises: UsageError: the package is not installed."""
    try:
        import_module(package)
    except ImportError:
        raise UsageError(
            Text(f"`{method}` needs the package {package}", f"`{method}` 需要安装 {package}"),
            hint=Text('`pip install "restock[bench]"`', '运行 `pip install "restock[bench]"`'),
        ) from None
