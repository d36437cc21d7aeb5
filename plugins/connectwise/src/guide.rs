//! The guide: what to do in ConnectWise before the integration is added here, step by step.

use dovetail_sdk::connector::exports::{GuideSection, GuideStep};

use crate::describe::permissions;

/// All sections in the order in which they are done.
pub(crate) fn sections() -> Vec<GuideSection> {
    vec![
        prerequisites(),
        role(),
        member(),
        keys(),
        client_id(),
        connect(),
        retired(),
    ]
}

fn step(path: &str, text: &str) -> GuideStep {
    GuideStep {
        text: text.into(),
        path: path.into(),
    }
}

fn section(title: &str, introduction: &str, steps: Vec<GuideStep>) -> GuideSection {
    GuideSection {
        title: title.into(),
        introduction: introduction.into(),
        steps,
        table: Vec::new(),
    }
}

fn prerequisites() -> GuideSection {
    section(
        "Before you begin",
        "Have these at hand. ConnectWise asks for most of them when the API member is made, and does not save it \
         without them.",
        vec![
            step(
                "",
                "A ConnectWise account with administrator access: roles, members and keys are made with it.",
            ),
            step(
                "",
                "The fully qualified domain name of the site: the host in the address bar after sign-in, such as \
                 na.myconnectwise.net, or the name of your own server. It has to speak https with a certificate that \
                 is not self-signed.",
            ),
            step("", "The company id you type on the sign-in page."),
            step(
                "System > Security Roles",
                "The role for the API member. The next section makes one; an existing role has to give at least as much.",
            ),
            step(
                "System > Setup Tables > Category: General > Table: Corporate Structure",
                "The level (structure level) the API member belongs to, and its name: usually Corporate.",
            ),
            step(
                "System > Setup Tables > Category: General > Table: Corporate Structure",
                "The location the API member belongs to.",
            ),
            step(
                "System > Setup Tables > Category: General > Table: Corporate Structure",
                "The business unit (department) of that location.",
            ),
            step(
                "System > Setup Tables > Category: Company > Table: Territory",
                "The default territory. On many systems it is the location's name.",
            ),
            step(
                "System > Setup Tables > Category: General > Table: Time Zone Setup",
                "The time zone the API member works in.",
            ),
        ],
    )
}

fn role() -> GuideSection {
    let mut table = vec![
        ["Module", "Add", "Edit", "Delete", "Inquire"]
            .map(String::from)
            .to_vec(),
    ];
    for permission in permissions() {
        table.push(vec![
            permission.label,
            permission.add_level,
            permission.edit_level,
            permission.delete_level,
            permission.inquire_level,
        ]);
    }
    GuideSection {
        table,
        ..section(
            "Make a security role",
            "A role of its own keeps the keys from reaching more than they need. Everything not in the table stays at \
             None. For one-way sync Inquire alone is enough: Add and Edit are used only once two-way is on, and Delete \
             never.",
            vec![
                step(
                    "System > Security Roles",
                    "Choose New Item, call the role Documentation sync, and save it.",
                ),
                step(
                    "System > Security Roles > Documentation sync",
                    "Set the levels of the table below. Inquire has to be All: with My, ConnectWise gives only the \
                     records of the API member and does not say that some are missing.",
                ),
                step(
                    "System > Security Roles > Documentation sync > Companies > Configurations > Customize",
                    "If the link Customize is used, allow every configuration type you want to see. Types that are \
                     not allowed are left out without a word.",
                ),
                step(
                    "System > Security Roles > Documentation sync > System > Table Setup > Customize",
                    "Either allow all tables or at least: Company / Company Status, Company / Company Type, Company / \
                     Configuration, Company / Configuration Status, Contacts / Contact Type, Service / Service Board.",
                ),
                step("", "Save the role."),
            ],
        )
    }
}

fn member() -> GuideSection {
    section(
        "Make an API member",
        "An API member is a user for programs. It needs no licence and cannot sign in.",
        vec![
            step("System > Members > API Members", "Choose New Item."),
            step(
                "",
                "Member ID: at most 15 characters, such as Dovetail. It cannot be changed later.",
            ),
            step(
                "",
                "Member Name: what people will see as the author of changes, such as Dovetail Sync.",
            ),
            step("", "Time Zone: the one you noted."),
            step("", "Role ID: Documentation sync."),
            step(
                "",
                "Level and Name: the structure level you noted, usually Corporate.",
            ),
            step("", "Location: the one you noted."),
            step("", "Business Unit: the one you noted."),
            step("", "Default Territory: the one you noted."),
            step(
                "",
                "Choose Save, not Save and Close: the tab API Keys appears after the first save.",
            ),
        ],
    )
}

fn keys() -> GuideSection {
    section(
        "Make the keys",
        "",
        vec![
            step(
                "System > Members > API Members > Dovetail > API Keys",
                "Choose New Item, describe the pair (such as dovetail), and save.",
            ),
            step("", "Copy the public key."),
            step(
                "",
                "Copy the private key now. The private key is shown once: after the window is closed nobody can see it \
                 again. If it is lost, delete the pair and make another.",
            ),
        ],
    )
}

fn client_id() -> GuideSection {
    section(
        "Have a client id",
        "ConnectWise wants to know which program calls and refuses calls without a client id. There are two ways to \
         have one.",
        vec![
            step(
                "developer.connectwise.com > Client Id",
                "Register one for yourself: sign in with your ConnectWise account, create an integration of the \
                 kind private for the product Manage (PSA), and copy the id. It works for your own company only. Give \
                 it as client-id when you add the integration.",
            ),
            step(
                "",
                "Or use the operator's: who runs this server for several customers registers one id and sets it once \
                 with `dovetail config set connectwise.client-id ID`. Then client-id can be left out.",
            ),
        ],
    )
}

fn connect() -> GuideSection {
    section(
        "Connect",
        "",
        vec![
            step(
                "",
                "Add the integration: `dovetail integration add NAME --connector connectwise --set site=HOST --set \
                 company=ID --set public-key=KEY --set client-id=ID --secret private-key=file:PATH`.",
            ),
            step(
                "",
                "Check it: `dovetail integration connect NAME`. Each permission of the table is looked at.",
            ),
            step(
                "",
                "Choose what comes in: `dovetail settings show NAME`, then `dovetail settings set NAME`.",
            ),
        ],
    )
}

fn retired() -> GuideSection {
    section(
        "The integrator login",
        "Older guides ask for an integrator login with a password (System > Setup Tables > Integrator Login). It \
         belonged to the SOAP interface, which ConnectWise retired in 2020. It is not used here, and neither login nor \
         password is accepted: a REST key pair takes their place.",
        vec![
            step(
                "System > Members > API Members",
                "Make an API member and its keys as described above.",
            ),
            step(
                "",
                "Give the keys to the integration that is there: `dovetail integration update NAME --set \
                 public-key=KEY --secret private-key=file:PATH`. The company and the records that are known are looked \
                 at first, and every link stays: records keep their ids, so nothing has to be matched anew.",
            ),
            step(
                "System > Setup Tables > Category: General > Table: Integrator Login",
                "If nothing else uses the old login, delete it.",
            ),
        ],
    )
}
