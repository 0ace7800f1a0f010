from pathlib import Path

import numpy as np

from restock.storage.checkpoints import PLACE, drop_checkpoints, load_checkpoint, save_checkpoint
from restock.storage.folder import Folder


def test_the_newest_checkpoint_is_read_back_and_older_ones_are_gone(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    save_checkpoint(folder, 1, {"a": np.arange(3.0)}, {"rounds": [1]})
    save_checkpoint(folder, 2, {"a": np.arange(4.0)}, {"rounds": [1, 2]})

    kept = load_checkpoint(folder)

    assert kept is not None
    np.testing.assert_array_equal(kept.arrays["a"], np.arange(4.0))
    assert kept.about == {"rounds": [1, 2]}
    assert len(list((folder.models / PLACE).iterdir())) == 1


def test_the_same_round_can_be_written_again(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for value in (1.0, 2.0):
        save_checkpoint(folder, 1, {"a": np.array([value])}, {})
    kept = load_checkpoint(folder)
    assert kept is not None
    assert kept.arrays["a"][0] == 2.0


def test_a_broken_checkpoint_is_as_good_as_none(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    save_checkpoint(folder, 1, {"a": np.array([1.0])}, {})
    (folder.models / PLACE / "00002.safetensors").write_bytes(b"half a file")
    kept = load_checkpoint(folder)
    assert kept is not None
    assert kept.arrays["a"][0] == 1.0

    drop_checkpoints(folder)
    assert load_checkpoint(folder) is None
    assert not (folder.models / PLACE).exists()
