"""Every text that a person may read is translated into every language."""

from tools.messages import check


def test_every_text_is_translated_with_its_placeholders() -> None:
    findings = list(check())
    assert not findings, "run `make messages`, then translate:\n" + "\n".join(findings)
