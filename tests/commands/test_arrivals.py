"""A form is read exactly as the library reads it, only sooner."""

from urllib.parse import parse_qsl, urlencode

from hypothesis import example, given
from hypothesis import strategies as st

from commands.arrivals import FORM, Malformed, posted

PLAIN = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ODD = st.text("ab=&+%20é7f;", max_size=24)


def by_the_library(text):
    """What is in the form; None when it is none, or says something twice."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=64)
    except ValueError:
        return None
    return dict(pairs) if len(dict(pairs)) == len(pairs) else None


def by_us(text):
    try:
        return posted(FORM, text.encode()).body
    except Malformed:
        return None


@given(ODD | st.lists(st.tuples(PLAIN, PLAIN), max_size=5).map(urlencode))
@example("")
@example("a")
@example("a=1&a=2")
@example("a=%ff")
@example("&".join(f"f{number}=" for number in range(64)))
@example("&".join(f"f{number}=" for number in range(65)))
def test_a_form_says_what_the_library_reads_in_it(text):
    assert by_us(text) == by_the_library(text)
