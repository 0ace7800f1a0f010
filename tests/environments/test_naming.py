from typing import NamedTuple

import pytest

from restock.environments.naming import finder, not_an_instance
from restock.errors import UsageError
from restock.language import Text

KIND = Text("toy", "玩具")


class Toy(NamedTuple):
    name: str


TOYS = [Toy("ball-Red"), Toy("ball-Blue"), Toy("kite"), Toy("drum")]


@pytest.mark.parametrize("name", ["ball-Red", "BALL-RED", "  ball-red\n"])
def test_upper_and_lower_case_and_blanks_do_not_matter(name):
    assert finder(KIND, TOYS)(name) == TOYS[0]


def test_the_nearest_names_are_offered_as_they_are_written():
    with pytest.raises(UsageError) as caught:
        finder(KIND, TOYS)("bal-blue")
    message, hint = caught.value.in_("en")
    assert message == "no toy instance is called `bal-blue`; there are 4"
    assert hint == "the nearest names are `ball-Blue`, `ball-Red`"
    assert caught.value.in_("zh") == (
        "没有名为 `bal-blue` 的玩具算例；共有 4 个",
        "最接近的名称：`ball-Blue`、`ball-Red`",
    )


def test_where_nothing_is_near_the_first_names_are_offered():
    with pytest.raises(UsageError) as caught:
        finder(KIND, iter(TOYS))("???")
    assert caught.value.hint.en == "there are, for example, `ball-Red`, `ball-Blue`, `kite`"


def test_a_refusal_says_what_is_wrong_and_what_would_be_right():
    error = not_an_instance(KIND, Toy(""), Text("name it", "请命名"))
    assert isinstance(error, UsageError)
    assert error.in_("en") == ("Toy(name='') is not a toy instance", "name it")
    assert error.in_("zh") == ("Toy(name='') 不是有效的玩具算例", "请命名")
