//! Plugins whose core module is written by hand: for what no compiler would produce, and for `describe`, which is given
//! nothing and so cannot be told what to do. Each export traps unless it is given a body; `describe` describes.

use std::fmt::Write as _;

use dovetail_runtime::World;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::support::workspace;

/// Where the description stands, and what its texts are made of.
const DESCRIPTION: usize = 1024;
const NAME: usize = 2048;
const VERSION: usize = 2064;
/// Where a mapping's description has its table: a list's pointer and length.
pub(crate) const TABLE: usize = DESCRIPTION + 36;
/// Free for a test's own data, up to 64 KiB; from there on `cabi_realloc` gives out.
pub(crate) const FREE: usize = 4096;

/// A loop without an end.
pub(crate) const ENDLESS: &str = "(loop $again (br $again))";

/// One instruction that fills 2,000 pages of memory, again and again: the guest is looked at between two.
pub(crate) const FILLING: &str =
    "(loop $again (memory.fill (i32.const 0) (i32.const 1) (i32.const 131072000)) (br $again)) unreachable";

/// A table, and a loop that makes it longer.
pub(crate) const TABLE_TO_GROW: &str = "(table $table 0 funcref)";
pub(crate) const GROWING: &str =
    "(loop $again (drop (table.grow $table (ref.null func) (i32.const 1000))) (br $again)) unreachable";

/// A plugin by hand.
pub(crate) struct ByHand {
    world: World,
    describe: String,
    after_describe: String,
    working: String,
    after_working: String,
    realloc: String,
    module: String,
    pages: u32,
}

pub(crate) fn by_hand(world: World) -> ByHand {
    ByHand {
        world,
        describe: format!("i32.const {DESCRIPTION}"),
        after_describe: String::new(),
        working: "unreachable".to_owned(),
        after_working: String::new(),
        realloc: "global.get $free
            (global.set $free (i32.add (global.get $free)
                (i32.and (i32.add (local.get 3) (i32.const 7)) (i32.const -8))))"
            .to_owned(),
        module: String::new(),
        pages: 4,
    }
}

impl ByHand {
    /// What `describe` does; it gives the address of a description.
    pub(crate) fn describe(mut self, body: &str) -> ByHand {
        self.describe = body.to_owned();
        self
    }

    /// What is done once the description was read.
    pub(crate) fn after_describe(mut self, body: &str) -> ByHand {
        self.after_describe = body.to_owned();
        self
    }

    /// What every export but `describe` does; it gives the address of an answer.
    pub(crate) fn working(mut self, body: &str) -> ByHand {
        self.working = body.to_owned();
        self
    }

    /// What is done once the answer of any other export was read. Zeros from [`FREE`] on are such an answer.
    pub(crate) fn after_working(mut self, body: &str) -> ByHand {
        self.after_working = body.to_owned();
        self
    }

    /// What gives room to what the host hands in.
    pub(crate) fn realloc(mut self, body: &str) -> ByHand {
        self.realloc = body.to_owned();
        self
    }

    /// What the module has besides: functions, tables, data.
    pub(crate) fn module(mut self, fields: &str) -> ByHand {
        self.module = fields.to_owned();
        self
    }

    /// Pages of memory it begins with.
    pub(crate) fn pages(mut self, pages: u32) -> ByHand {
        self.pages = pages;
        self
    }

    /// The component.
    pub(crate) fn component(&self) -> Vec<u8> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(workspace().join("wit/draft")).unwrap();
        let world = resolve
            .select_world(&[package], Some(self.world.as_str()))
            .unwrap();
        let mut module = wat::parse_str(self.text()).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
        let mut encoder = ComponentEncoder::default();
        encoder.module(&module).unwrap();
        encoder.encode().unwrap()
    }

    fn text(&self) -> String {
        let (interface, exports) = match self.world {
            World::Mapping => ("mapping", MAPPING),
            World::Connector => ("connector", CONNECTOR),
        };
        let mut working = String::new();
        for (name, parameters) in exports {
            let parameters = "i32 ".repeat(*parameters);
            write!(
                working,
                r#"(func (export "dovetail:plugin/{interface}@0.1.0#{name}") (param {parameters}) (result i32) {})
                (func (export "cabi_post_dovetail:plugin/{interface}@0.1.0#{name}") (param i32) {})"#,
                self.working, self.after_working
            )
            .unwrap();
        }
        format!(
            r#"(module
            (import "dovetail:plugin/log@0.1.0" "write" (func $log (param i32 i32 i32)))
            {send}
            (memory (export "memory") {pages})
            (global $free (mut i32) (i32.const 65536))
            (data (i32.const {DESCRIPTION}) "{description}")
            (data (i32.const {NAME}) "by-hand")
            (data (i32.const {VERSION}) "1.0.0")
            (func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
            (func (export "dovetail:plugin/{interface}@0.1.0#describe") (result i32) {describe})
            (func (export "cabi_post_dovetail:plugin/{interface}@0.1.0#describe") (param i32) {after})
            {working}
            {module})"#,
            send = if self.world == World::Connector { SEND } else { "" },
            pages = self.pages,
            description = self.description(),
            realloc = self.realloc,
            describe = self.describe,
            after = self.after_describe,
            module = self.module,
        )
    }

    /// A description with a name, a title, a version and nothing else, as it stands in memory.
    fn description(&self) -> String {
        let mut words = vec![NAME, 7, NAME, 7, VERSION, 5];
        match self.world {
            World::Mapping => words.resize(13, 0),
            // Eight lists, then requests a minute and at once.
            World::Connector => {
                words.resize(22, 0);
                words.extend([60, 1]);
            }
        }
        let bytes = words.into_iter().flat_map(|word| (word as u32).to_le_bytes());
        bytes.fold(String::new(), |text, byte| format!("{text}\\{byte:02x}"))
    }
}

/// Exports and how many numbers they are called with; what is more than 16 goes through memory.
const MAPPING: &[(&str, usize)] = &[("configure", 5), ("convert", 7), ("to-source", 7)];
const CONNECTOR: &[(&str, usize)] = &[
    ("check", 10),
    ("options", 12),
    ("pull", 1),
    ("count", 1),
    ("fetch", 14),
    ("list-ids", 1),
    ("members", 13),
    ("push", 12),
    ("seek", 1),
    ("parse-event", 14),
];
const SEND: &str = r#"(import "dovetail:plugin/http@0.1.0" "send" (func $send
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
