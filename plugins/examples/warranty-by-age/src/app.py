"""An overlay in Python: a warranty ends some years after the purchase where ConnectWise does not say when, and devices
of some statuses are left out.

Its configuration: `{"years": 3, "leave_out": ["Retired"]}`.
"""

from datetime import date

from dovetail import ConfigError, DataError, Overlay, plugin, row


class WarrantyByAge(Overlay):
    name, title, version = "warranty-by-age", "Warranties by age", "1.0.0"
    kinds = ("configuration",)
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "years": {"type": "integer", "minimum": 1},
            "leave_out": {"type": "array", "items": {"type": "string"}},
        },
    }

    def __init__(self, config):
        self.years = config.get("years")
        self.leave_out = config.get("leave_out", [])
        # What the schema cannot say.
        if not self.years and not self.leave_out:
            raise ConfigError("years", "it changes nothing: give years, or statuses to leave_out")

    def rows(self):
        return [row("configuration", "warranty_expires_at", "purchaseDate")] if self.years else []

    def change(self, record, change):
        status = record.text("status")
        if status in self.leave_out:
            change.skip(f"its status is {status}")
            return
        bought = record.get("purchased_at")
        if not self.years or not bought or record.get("warranty_expires_at"):
            return
        day = date.fromisoformat(bought[:10])
        try:
            change.date("warranty_expires_at", day.replace(year=day.year + self.years))
        except ValueError:
            # 29 February, or a year that no calendar has.
            if day.year + self.years > 9999:
                raise DataError("purchased_at", f"{bought} and {self.years} years are past the calendar")
            change.date("warranty_expires_at", date(day.year + self.years, 2, 28))


Mapping = plugin(WarrantyByAge)
