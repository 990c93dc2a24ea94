"""Fen, basis points, rounding, splitting; and the proof that 64 bits are enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qingsuan import money
from qingsuan.money import BP_ONE, MAX_FEN, apply_bp, bp_of_percent, fen_of_yuan, split, yuan

INT64_MAX = 2**63 - 1
MOST_CLAIMS = 100_000
"""More claims of the largest amount than one person can bring: their total is the largest a counter can hold."""


@pytest.mark.parametrize(
    ("amount_fen", "ratio_bp", "expected_fen"),
    [
        (0, 5000, 0),
        (1, 0, 0),
        (1, BP_ONE, 1),
        (1, 4999, 0),
        (1, 5000, 1),  # exactly half a fen: away from zero
        (-1, 5000, -1),
        (-1, 4999, 0),
        (3, 5000, 2),
        (-3, 5000, -2),
        (2, 2500, 1),
        (2, 2499, 0),
        (452, 500, 23),
        (10_001, 1, 1),
        (4_999, 1, 0),
        (5_000, 1, 1),
        (MAX_FEN, BP_ONE, MAX_FEN),
        (MAX_FEN, 1, MAX_FEN // BP_ONE),
        (MAX_FEN - 1, 5000, MAX_FEN // 2),
    ],
)
def test_a_ratio_of_an_amount_is_rounded_half_away_from_zero(amount_fen: int, ratio_bp: int, expected_fen: int) -> None:
    assert apply_bp(amount_fen, ratio_bp) == expected_fen


@given(st.integers(-MAX_FEN, MAX_FEN), st.integers(0, BP_ONE))
def test_rounding_is_symmetric_and_never_off_by_more_than_half(amount_fen: int, ratio_bp: int) -> None:
    paid_fen = apply_bp(amount_fen, ratio_bp)
    assert apply_bp(-amount_fen, ratio_bp) == -paid_fen
    assert abs(paid_fen * BP_ONE - amount_fen * ratio_bp) * 2 <= BP_ONE
    assert abs(paid_fen) <= abs(amount_fen)


def split_form(total_fen: int, ratio_bp: int) -> tuple[int, int]:
    """``apply_bp`` as the compiled core forms it, without a product of the total; also the largest number on the way."""
    whole, rest = divmod(total_fen, BP_ONE)
    left, right = whole * ratio_bp, rest * ratio_bp + BP_ONE // 2
    return left + right // BP_ONE, max(left, right, left + right // BP_ONE)


@given(st.integers(0, MAX_FEN * MOST_CLAIMS), st.integers(0, BP_ONE))
def test_the_split_form_equals_the_plain_one_and_stays_in_64_bits(total_fen: int, ratio_bp: int) -> None:
    result, largest = split_form(total_fen, ratio_bp)
    assert result == apply_bp(total_fen, ratio_bp)
    assert largest <= INT64_MAX


def test_one_product_of_an_input_amount_stays_in_64_bits() -> None:
    assert MAX_FEN * BP_ONE + BP_ONE // 2 <= INT64_MAX
    assert MAX_FEN * BP_ONE == 10**17


def test_a_total_may_not_be_multiplied_as_a_whole() -> None:
    """The reason for the split form: at the largest total the plain product leaves 64 bits, and the split one does not."""
    total_fen = MAX_FEN * MOST_CLAIMS
    assert total_fen <= INT64_MAX < total_fen * BP_ONE
    assert split_form(total_fen, BP_ONE) == (total_fen, total_fen)


@given(
    st.integers(-MAX_FEN, MAX_FEN),
    st.lists(st.integers(0, BP_ONE), min_size=0, max_size=4).map(
        lambda cuts: [high - low for low, high in zip([0, *sorted(cuts)], [*sorted(cuts), BP_ONE], strict=True)]
    ),
)
def test_a_split_adds_up_and_only_the_last_share_takes_the_remainder(amount_fen: int, shares_bp: list[int]) -> None:
    parts = split(amount_fen, shares_bp)
    assert sum(parts) == amount_fen
    assert list(parts[:-1]) == [apply_bp(amount_fen, share_bp) for share_bp in shares_bp[:-1]]


def test_the_last_share_is_what_is_left_even_where_rounding_would_say_otherwise() -> None:
    assert split(1, (5000, 5000)) == (1, 0)
    assert split(100, (3333, 3333, 3334)) == (33, 33, 34)
    assert split(5, (5000, 5000)) == (3, 2)


@pytest.mark.parametrize("shares_bp", [(5000, 4999), (5000, 5001), (12_000, -2000), (), (10_000, 1)])
def test_shares_that_are_not_one_whole_are_refused(shares_bp: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="add up to 10000"):
        split(100, shares_bp)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("0", 0),
        ("0.01", 1),
        ("0.1", 10),
        (".5", None),
        ("5.", None),
        ("92.8", 9280),
        ("92.80", 9280),
        (1200, 120_000),
        ("-0.05", -5),
        ("-0", 0),
        (" 7 ", 700),
        ("100000000000", MAX_FEN),
        ("0.001", None),
        ("1e3", None),
        ("1,000", None),
        ("+1", None),
        ("", None),
        ("NaN", None),
        (True, None),
        (92.8001, None),
        ("1234567890123456", None),
    ],
)
def test_yuan_are_read_exactly_or_not_at_all(text: str | int, fen: int | None) -> None:
    if fen is None:
        with pytest.raises(ValueError, match="not an amount in yuan"):
            fen_of_yuan(text)
    else:
        assert fen_of_yuan(text) == fen


def test_a_percentage_is_read_exactly_or_not_at_all() -> None:
    assert bp_of_percent("12.5") == 1250
    assert bp_of_percent(100) == BP_ONE
    assert bp_of_percent("0.01") == 1
    with pytest.raises(ValueError, match=r"not a percentage with at most two decimals: '12\.505'"):
        bp_of_percent("12.505")


@given(st.integers(-MAX_FEN, MAX_FEN))
def test_written_and_read_again_is_the_same(amount_fen: int) -> None:
    assert fen_of_yuan(yuan(amount_fen)) == amount_fen


def test_amounts_are_written_with_two_decimals() -> None:
    assert [yuan(fen) for fen in (0, 1, -1, 10, -99, 100, MAX_FEN)] == [
        "0.00", "0.01", "-0.01", "0.10", "-0.99", "1.00", "100000000000.00",
    ]  # fmt: skip
    assert fen_of_yuan("100000000000") == money.MAX_FEN
