"""Reads lists with connectpyse, page by page, and prints what it found as JSON.

The plan comes as JSON on standard input: url, headers, page_size, paths, and counted:
the paths that also have a count and single records.
"""

import importlib
import json
import sys

from connectpyse.cw_controller import CWController
from connectpyse.cw_model import CWModel

# The lists connectpyse has a class of its own for: module, class, method.
OWN = {
    "/company/companies": ("company.companies_api", "CompaniesAPI", "get_companies"),
    "/company/companies/statuses": ("company.company_statuses_api", "CompanyStatusAPI", None),
    "/company/companies/types": ("company.company_types_api", "CompanyTypeAPI", None),
    "/company/contacts": ("company.contacts_api", "ContactsAPI", "get_contacts"),
    "/company/configurations": ("company.configurations_api", "ConfigurationsAPI", "get_configurations"),
    "/company/configurations/types": ("company.configuration_types_api", "ConfigurationTypeAPI", None),
    "/service/boards": ("service.boards_api", "BoardsAPI", "get_boards"),
    "/service/tickets": ("service.tickets_api", "TicketsAPI", "get_tickets"),
    "/system/members": ("system.members_api", "MembersAPI", "get_members"),
    "/system/callbacks": ("system.callbacks_api", "CallbacksAPI", None),
}


class OtherList(CWController):
    """Any other list, by the library's own base class."""

    def __init__(self, path, **kwargs):
        _, self.module_url, self.module = path.split("/", 2)
        self._class = CWModel
        super().__init__(**kwargs)


def controller(path, **kwargs):
    if path not in OWN:
        return OtherList(path, **kwargs), None
    module, name, method = OWN[path]
    return getattr(importlib.import_module("connectpyse." + module), name)(**kwargs), method


def main():
    plan = json.load(sys.stdin)
    found = {}
    for path in plan["paths"]:
        api, method = controller(path, url=plan["url"], auth=plan["headers"])
        api.pageSize = plan["page_size"]
        ids, page = [], 1
        while True:
            api.page = page
            records = list(getattr(api, method)() if method else api._get())
            ids += [record.id for record in records]
            if len(records) < plan["page_size"]:
                break
            page += 1
        if path not in plan["counted"]:
            count = len(ids)
        else:
            api.page = ""
            count = api._get_count()
            if ids and api._get_by_id(ids[-1]).id != ids[-1]:
                raise SystemExit(path + ": the last record is not the one asked for")
        found[path] = {"ids": ids, "count": count}
    # The one object that is no list.
    info = importlib.import_module("connectpyse.system.info_api").InfoAPI(url=plan["url"], auth=plan["headers"])
    json.dump({"found": found, "version": info.get_info().version}, sys.stdout)


main()
