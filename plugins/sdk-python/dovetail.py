"""What a plugin author in Python depends on: an overlay in a few lines.

    from dovetail import Overlay, plugin, row

    class Prefix(Overlay):
        name, title, version = "prefix", "Names with a prefix", "1.0.0"
        kinds = ("configuration",)

        def rows(self):
            return [row("configuration", "name", "name")]

        def change(self, record, change):
            change.text("name", f"{self.config['prefix']} {record.text('name')}")

    Mapping = plugin(Prefix)

`change` sees one record and says what is different; what it does not mention stays as it was. `self.config` is the
layer's JSON. There is no clock, no randomness, no network and no file: `log` is where words go.
"""

import json

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.exports import mapping as words
from wit_world.imports import log as _log
from wit_world.imports import types


class log:
    """Writes a line to the host's log."""

    @staticmethod
    def debug(text):
        _log.write(_log.Level.DEBUG, str(text))

    @staticmethod
    def info(text):
        _log.write(_log.Level.INFO, str(text))

    @staticmethod
    def warn(text):
        _log.write(_log.Level.WARN, str(text))

    @staticmethod
    def error(text):
        _log.write(_log.Level.ERROR, str(text))


class DataError(Exception):
    """Raise it from `change` where this record's data is at fault; `field` is empty for the record as a whole."""

    def __init__(self, field, message):
        super().__init__(message)
        self.cause = types.Cause_Data(field)


class ConfigError(Exception):
    """Raise it from `__init__` or `rows` where the configuration makes no sense; `key` says where in it."""

    def __init__(self, key, message):
        super().__init__(message)
        self.cause = types.Cause_InvalidConfig(key)


def row(kind, name, path):
    """A row of the table: a field that comes from the PSA only, with the policy that follows from that."""
    return words.TableRow(kind, name, path, words.Direction.INWARD, None, False)


class Record:
    """A record as an overlay sees it."""

    def __init__(self, given, organization):
        #: `organization`, `location`, `contact`, `configuration` or `ticket`.
        self.kind = given.source.kind
        #: The PSA's id.
        self.id = given.source.id
        #: The name of the organization the layer is set for, where it is set for one.
        self.organization = organization
        self._given = given
        self._source = None

    @property
    def source(self):
        """The record as the PSA gave it, read when it is first asked for."""
        if self._source is None:
            self._source = json.loads(self._given.source.json)
        return self._source

    def _content(self, name):
        fields = self._given.so_far.fields
        return next((field.content for field in fields if field.name == name), None)

    def get(self, field):
        """What a field holds so far: a text, flag, date, list or reference; None where there is nothing."""
        return getattr(self._content(field), "value", None)

    def text(self, field):
        """A field's text so far; None where it is empty or no text."""
        content = self._content(field)
        return (content.value or None) if isinstance(content, types.Value_Text) else None

    def trait(self, name):
        """A trait so far, such as `custom_fields.Rack`; None where there is none."""
        traits = self._given.so_far.traits
        return json.loads(next((one.json for one in traits if one.name == name), "null"))


class Change:
    """What an overlay says of a record, put together call by call."""

    def __init__(self):
        self._fields = {}
        self._traits = {}
        self._organization = None
        self._skipped = None

    def _set(self, field, content):
        self._fields[field] = content
        return self

    def text(self, field, text):
        return self._set(field, types.Value_Text(str(text)))

    def flag(self, field, flag):
        return self._set(field, types.Value_Flag(bool(flag)))

    def date(self, field, date):
        """`YYYY-MM-DD`, or RFC 3339 in UTC with whole seconds."""
        return self._set(field, types.Value_Date(str(date)))

    def texts(self, field, texts):
        return self._set(field, types.Value_Texts([str(text) for text in texts]))

    def entries(self, field, entries):
        """Labelled values: dictionaries of `value`, `label`, `primary` and `extension`."""

        def whole(value, label="", primary=False, extension=None):
            return types.Entry(value, label, primary, extension)

        return self._set(field, types.Value_Entries([whole(**entry) for entry in entries]))

    def reference(self, field, kind, id, name):
        """A link to the record of `kind` that the PSA knows by `id`."""
        return self._set(field, types.Value_Reference(types.Reference(kind, str(id), name)))

    def empty(self, field):
        """Empties a field."""
        return self._set(field, types.Value_Absent())

    def put_trait(self, name, value):
        """Sets a trait to a value that becomes JSON."""
        self._traits[name] = json.dumps(value)
        return self

    def drop_trait(self, name):
        """Takes a trait away."""
        return self.put_trait(name, None)

    def organization(self, id, name):
        """Gives the record to the organization that the PSA knows by `id`."""
        self._organization = types.Reference("organization", str(id), name)
        return self

    def skip(self, reason):
        """Leaves the record out, whatever else was said of it."""
        self._skipped = str(reason)

    def outcome(self):
        if self._skipped is not None:
            return words.Outcome_Skipped(self._skipped)
        fields = [types.Field(name, content) for name, content in self._fields.items()]
        traits = [types.Supplement(name, text) for name, text in self._traits.items()]
        return words.Outcome_Mapped(words.Draft(self._organization, fields, traits))


class Overlay:
    """A layer over other mappings. It is made once a batch, with the layer's configuration."""

    name = ""
    title = ""
    version = "0.1.0"
    #: The kinds of record it changes; none is every kind.
    kinds = ()
    #: The connectors whose records it understands; none is any.
    connectors = ()
    #: JSON Schema of the configuration; as it stands, any object goes through and `__init__` decides.
    schema = {"type": "object"}

    def __init__(self, config):
        self.config = config

    def rows(self):
        """The fields it decides; an edit of one of them is refused, so name every field that `change` writes."""
        return []

    def change(self, record, change):
        """What is different in this record."""
        raise NotImplementedError


def _fault(error):
    """An error as the host takes it. One that nobody meant goes to the log with its place."""
    if isinstance(error, (DataError, ConfigError)):
        return types.Fault(error.cause, str(error))
    message = f"{type(error).__name__}: {error}"
    # Not by `traceback`: that looks for the sources, and there are no files here.
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    if place:
        code = place.tb_frame.f_code
        message += f" ({code.co_filename}:{place.tb_lineno}, in {code.co_name})"
    log.error(message)
    return types.Fault(types.Cause_Bug(), message)


def _settled(work):
    try:
        return Ok(work())
    except Exception as error:
        return Err(_fault(error))


def plugin(overlay):
    """Makes the class that the host calls. It has to stand in the app under the name `Mapping`."""

    def made(context):
        return overlay(json.loads(context.config))

    class Mapping(exports.Mapping):
        def describe(self):
            try:
                table = overlay({}).rows()
            except Exception:
                table = []
            schema = json.dumps(overlay.schema)
            about = (overlay.name, overlay.title or overlay.name, overlay.version)
            return words.Description(*about, list(overlay.connectors), True, table, schema)

        def configure(self, context):
            rows = _settled(lambda: made(context).rows())
            if isinstance(rows, Err):
                raise rows
            return rows.value

        def convert(self, context, records):
            layer = _settled(lambda: made(context))
            if isinstance(layer, Err):
                return [layer for _ in records]

            def one(given):
                said = Change()
                if not overlay.kinds or given.source.kind in overlay.kinds:
                    layer.value.change(Record(given, context.organization), said)
                return said.outcome()

            return [_settled(lambda: one(given)) for given in records]

        def to_source(self, context, edits):
            # What is made here has nowhere to go back to.
            def one(edit):
                inward = {row.name for row in made(context).rows()
                          if row.kind == edit.kind and row.flow == words.Direction.INWARD}
                names = [field.name for field in edit.wanted] + [f"traits.{one.name}" for one in edit.traits]
                return words.Patch("{}", [name for name in names if name in inward])

            return [_settled(lambda: one(edit)) for edit in edits]

    return Mapping
