"""Step 2: what a record changed, and the values that rules and texts ask of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from notifications.attributes import Image, Path, same
from notifications.decode import StreamRecord

NEW, OLD = "new", "old"
_SENT = {
    "KEYS_ONLY": frozenset[str](),
    "NEW_IMAGE": frozenset({NEW}),
    "OLD_IMAGE": frozenset({OLD}),
    "NEW_AND_OLD_IMAGES": frozenset({NEW, OLD}),
}
VIEW_TYPES = tuple(_SENT)


def images_sent(view_type: str) -> frozenset[str]:
    """Which images a stream of this view type sends; all, for a view type that is not known."""
    return _SENT.get(view_type, _SENT["NEW_AND_OLD_IMAGES"])


class FieldChange(NamedTuple):
    """One attribute before and after, in typed JSON; None where it is absent."""

    attribute: str
    old: Any
    new: Any


class ProductChange(NamedTuple):
    """One record, seen as a change of a product."""

    record: StreamRecord

    def old(self, path: Path) -> Any:
        """Return the typed value before the change; a key has the same on both sides. None if absent."""
        return self._find(self.record.old_image, path, "INSERT")

    def new(self, path: Path) -> Any:
        """Return the typed value after the change. None if absent."""
        return self._find(self.record.new_image, path, "REMOVE")

    def current(self, path: Path) -> Any:
        """Return the latest known value: the new one, and for a removal the old one."""
        return self.old(path) if self.record.event_name == "REMOVE" else self.new(path)

    @property
    def image(self) -> Image:
        """The latest known image; the keys where the stream sends no image."""
        record = self.record
        image = record.old_image if record.event_name == "REMOVE" else record.new_image
        return record.keys if image is None else image

    def fields(self, paths: tuple[Path, ...] | None = None) -> list[FieldChange]:
        """List what differs between the two images: of `paths`, or of all top-level attributes.

        Empty unless both images are there: an insertion or removal changes the whole item, not a field of it.
        """
        before, after = self.record.old_image, self.record.new_image
        if before is None or after is None:
            return []
        if paths is None:
            names = dict.fromkeys((*before, *after))  # keeps the item's own order
            changed = (FieldChange(name, before.get(name), after.get(name)) for name in names)
        else:
            changed = (FieldChange(path.text, path.find(before), path.find(after)) for path in paths)
        return [field for field in changed if not same(field.old, field.new)]

    def _find(self, image: Image | None, path: Path, not_in: str) -> Any:
        record = self.record
        value = path.find(image)
        if value is None and image is None and record.event_name != not_in:
            return path.find(record.keys)
        return value
