"""Money: integer fen (分), rounded once, never a float."""

from typing import TypeAlias

Fen: TypeAlias = int

_FEN_PER_YUAN = 100


def yuan(fen: Fen) -> str:
    """The amount for people, `¥1,234.50`; negative as `-¥1,234.50`."""
    return f"{_sign(fen)}¥{abs(fen) // _FEN_PER_YUAN:,}.{abs(fen) % _FEN_PER_YUAN:02d}"


def plain_yuan(fen: Fen) -> str:
    """The amount for files and sentences, `1234.50`; negative as `-1234.50`."""
    return f"{_sign(fen)}{abs(fen) // _FEN_PER_YUAN}.{abs(fen) % _FEN_PER_YUAN:02d}"


def divide_half_up(numerator: int, denominator: int) -> int:
    """The quotient rounded half away from zero (四舍五入), in integers only.

    So a reversed amount is exactly the negative of the original.

    Raises:
        ValueError: The denominator is not positive.
    """
    if denominator <= 0:
        message = f"denominator must be positive: {denominator}"
        raise ValueError(message)
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


def apportion(total_fen: Fen, parts: int) -> tuple[Fen, ...]:
    """`total_fen` split into `parts` whose sum is exact and which differ by at most 1 fen.

    Part k is T*(k+1)//N - T*k//N, so it depends on k alone and the k-th visit of
    a plan is worth the same whenever it is computed.

    Raises:
        ValueError: `parts` is not positive.
    """
    if parts <= 0:
        message = f"parts must be positive: {parts}"
        raise ValueError(message)
    return tuple(total_fen * (k + 1) // parts - total_fen * k // parts for k in range(parts))


def _sign(fen: Fen) -> str:
    return "-" if fen < 0 else ""
