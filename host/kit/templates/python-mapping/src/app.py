"""{{title}}: an overlay that puts a prefix before the names of configurations."""

from dovetail import ConfigError, Overlay, plugin, row


class Prefix(Overlay):
    name, title, version = "{{name}}", "{{title}}", "0.1.0"
    kinds = ("configuration",)

    def __init__(self, config):
        self.prefix = config.get("prefix", "")
        if not isinstance(self.prefix, str):
            raise ConfigError("prefix", "prefix has to be a text")

    def rows(self):
        return [row("configuration", "name", "name")]

    def change(self, record, change):
        name = record.text("name")
        if name:
            change.text("name", f"{self.prefix} {name}".lstrip())


Mapping = plugin(Prefix)
