"""Products: the table, searchable; a price or stock changed in place, and what follows from it."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.pages.page import brought_back, console_of, form_of, link, page, wants_part
from console.sources.console import Console
from console.sources.product_rows import ROLES, ProductRow, kept_text, path_of, product_id_of, row_of, shown
from console.sources.receivers import previews
from notifications.delivery.rendering.safe_text import clean, unambiguous
from notifications.rules.price_form import CENTS, MINOR
from notifications.rules.product import Product
from operations.products.products_table import ChangedMeanwhileError, ChangeError, number_or_text

PAGE = 50
_MOST_PAGES = 1000
_PATIENCE_SECONDS = 60
"""How long the page waits for the record of a change."""
MOST_OF_PRODUCT = 50
_UNITS = {CENTS: "in cents", MINOR: "in the currency's smallest unit"}


def products(request: Request) -> Response:
    """Show the list, or only its rows."""
    console = console_of(request)
    text = request.query_params.get("q", "")
    number = _number(request.query_params.get("page", "1"), _MOST_PAGES)
    found = console.products.matching(text, console.rules.product, PAGE, (number - 1) * PAGE)
    pages = max(-(-found.total // PAGE), 1)
    return page(
        request,
        "_product_rows.html" if wants_part(request) else "products.html",
        title="Products",
        q=text,
        rows=found.rows,
        total=found.total,
        reading=found.reading,
        number=number,
        pages=pages,
        headings={role: _heading(role, console.rules.product) for role in ROLES},
        source=console.products,
        table=console.products.table().name,
        position=console.records.position,
    )


def product(request: Request) -> Response:
    """Show one product: what the table has of it, its records and its alerts."""
    console = console_of(request)
    key = tuple(request.query_params.getlist("k"))
    table = console.products.table()
    if len(key) != len(table.key_types):
        raise HTTPException(HTTPStatus.NOT_FOUND, "The address does not name a product of this table.")
    try:
        item = console.products.read_one(key)
    except ChangeError as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"The address does not name a product: {error}") from None
    rules = console.rules
    row = row_of(item, table.key_types, rules.product) if item else None
    typed_key = table.key(dict(zip(table.key_types, key, strict=True)))
    product_id = row.product_id if row else product_id_of({}, typed_key, rules.product) or "/".join(key)
    shown_id = unambiguous(product_id, 200)
    from console.sources.alerts import Filters  # noqa: PLC0415

    return page(
        request,
        "product.html",
        title=(row and row.name) or shown_id,
        row=row,
        product_id=product_id,
        shown_id=shown_id,
        attributes=[(clean(name, 120), shown(value)) for name, value in (item or {}).items()],
        records=console.records.of_product(product_id, MOST_OF_PRODUCT),
        alerts=console.alerts.matching(Filters(product=product_id))[:MOST_OF_PRODUCT],
        position=console.records.position,
    )


async def set_value(request: Request) -> Response:
    """Change a price or a stock, and begin to watch what follows."""
    form = await form_of(request)
    console = console_of(request)
    key = tuple(map(brought_back, form.get("k", [])))
    role = form.get("role", [""])[0]
    value = form.get("value", [""])[0].strip()
    if role not in ROLES:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "Only a price or a stock is changed here.")
    position, at = console.records.position, console.now()
    kept = brought_back(form.get("kept", [""])[0])
    try:
        row = await run_in_threadpool(_set, console, key, role, kept if "kept" in form else None, value)
    except ChangedMeanwhileError as error:
        return await run_in_threadpool(_conflict, request, key, role, form, error)
    except ChangeError as error:
        if wants_part(request):
            return page(request, "_refused.html", message=str(error), status=HTTPStatus.OK)
        raise HTTPException(HTTPStatus.BAD_REQUEST, str(error)) from None
    if not wants_part(request):
        return RedirectResponse(link("/product", k=key), HTTPStatus.SEE_OTHER)
    return await run_in_threadpool(partial(_followed, request, key, position, at, row=row, role=role))


def _conflict(
    request: Request, key: tuple[str, ...], role: str, form: dict[str, list[str]], error: ChangedMeanwhileError
) -> Response:
    """Say that somebody else was quicker, with both values, and let the user decide again."""
    console = console_of(request)
    item = console.products.read_one(key) or {}
    row = row_of(item, console.products.table().key_types, console.rules.product)
    return page(
        request,
        "_conflict.html" if wants_part(request) else "conflict.html",
        title="Changed meanwhile",
        row=row,
        role=role,
        now_kept=kept_text(error.found),
        now=row.value(role) or shown(error.found) or "nothing",
        before=clean(brought_back(form.get("kept", [""])[0]).partition(" ")[2], 60) or "nothing",
        value=form.get("value", [""])[0].strip(),
        shown_value=clean(form.get("value", [""])[0].strip(), 60),
        status=HTTPStatus.OK if wants_part(request) else HTTPStatus.CONFLICT,
    )


def after(request: Request) -> Response:
    """Show what has followed from a change so far."""
    given = request.query_params
    position = _number(given.get("position", "1"), 10**12)
    try:
        at = float(given.get("at", "0"))
    except ValueError:
        at = 0.0
    return _followed(request, tuple(given.getlist("k")), position, at)


def _set(console: Console, key: tuple[str, ...], role: str, kept: str | None, value: str) -> ProductRow:
    table = console.products.table()
    product = console.rules.product
    path = path_of(product, role)
    if len(key) != len(table.key_types):
        raise ChangeError("The form does not name a product of this table.")
    if path.top in table.key_types:
        raise ChangeError(f"{path.text} is part of the table's key and cannot be changed.")
    unit = _unit(role, product)
    if unit and not _is_whole(value):
        got = clean(value, 40) or "nothing"
        raise ChangeError(f"{path.text} is kept {unit}: a whole number, such as 1999; got {got}.")
    if not value or (not (kept or "").startswith("S ") and isinstance(number_or_text(value), str)):
        raise ChangeError(f"{role} takes a number, such as 19.99; got {clean(value, 40) or 'nothing'}.")
    if kept is None:
        raise ChangeError("The form does not say which value it was made with. Reload the page.")
    return row_of(console.products.set(key, path, kept, value), table.key_types, product)


def _followed(
    request: Request, key: tuple[str, ...], position: int, at: float, *, row: ProductRow | None = None, role: str = ""
) -> Response:
    """Show what has followed; `row` is what was just written, so that the table's form goes on from there."""
    console = console_of(request)
    product_id = row.product_id if row else "/".join(key)
    written: dict[str, Any] = {"row": row, "role": role, "product_id": product_id}
    written["shown_id"] = unambiguous(product_id, 200)
    if not console.stage.is_local:
        return page(request, "_followed.html", way=None, state="elsewhere", again="", **written)
    names = list(console.products.table().key_types)
    found = [
        each
        for each in console.records.since(position)
        if tuple(next(iter(each.keys.get(name, {"": ""}).values()), "") for name in names) == key
    ]
    receivers = console.receivers
    way = console.ways.find(found[-1].number, found[-1].product_id, receivers) if found else None
    waited = console.now() - at
    again = ""
    if (way is None or not way.settled) and waited < _PATIENCE_SECONDS:
        again = "250ms"
    return page(
        request,
        "_followed.html",
        way=way,
        state="found" if way else "waiting" if again else "nothing",
        again=again,
        address=link("/product/after", k=key, position=position, at=f"{at:.3f}"),
        **written,
        mail=next((each.name for each in previews(receivers) if each.kind == "mail"), ""),
    )


def _unit(role: str, product: Product) -> str:
    """Say which unit the table keeps prices in, where it is not the currency's whole one; "" otherwise."""
    return _UNITS.get(product.price_form.unit, "") if role == "price" else ""


def _heading(role: str, product: Product) -> str:
    """Name a column; that of prices with its unit."""
    return ", ".join(filter(None, (role.capitalize(), _unit(role, product))))


def _is_whole(text: str) -> bool:
    number = number_or_text(text)
    return not isinstance(number, str) and number >= 0 and number == number.to_integral_value()


def _number(text: str, most: int) -> int:
    return min(int(text), most) if text.isdecimal() and len(text) < 15 and int(text) else 1  # noqa: PLR2004
