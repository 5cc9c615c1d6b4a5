"""Every attack is caught by the layer that has to; the insider with the key only by somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.audit.attacks import ATTACKS, run


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_caught_by_its_layer(attack: str, tmp_path: Path) -> None:
    layer = ATTACKS[attack][1]
    found = run(attack, tmp_path)
    if layer == "outside":
        assert found.own == (), "nothing that the insider holds can show it"
        assert found.outside
        assert found.witness in {400, 409, 422}
    else:
        assert layer in found.own
