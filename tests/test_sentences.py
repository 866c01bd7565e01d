"""Sentences that users read are in plain English.

``python -m tests.sentences`` prints them all, to be read from top to bottom.
"""

import re

from sentences import sentences

STILTED = re.compile(
    r"\b(lest|whoever|nobody told|is told|are told|tells? of|mend|anew|passed over|goes on where|"
    r"for (it|they|another|there) (is|are|hold|holds|tells?|may)|is no [a-z]+|are no [a-z]+|"
    r"of that,|thereof|wherein|see to it|gone in|by (the|a) known)\b"
)


def test_sentences_are_in_plain_english():
    texts = [f"{each.file}:{each.line}: {each.text}" for each in sentences()]
    assert not [*filter(STILTED.search, texts)]


def test_errors_help_commands_and_the_page_are_in_the_list():
    texts = [sentence.text for sentence in sentences()]
    for text in (
        "another run is writing there{by}",
        "wait until it ends, or choose another folder",
        "Print failures only.",
        "Label every stride forward, backward or unknown.",
        "Skip to the sessions",
    ):
        assert text in texts
