//! Guests that misbehave on purpose.
use dovetail_sdk::mapping::{exports, types};

struct Hostile;
impl dovetail_sdk::Mapping for Hostile {
    fn describe() -> exports::Description { exports::Description{name:"hostile".into(),title:"Hostile".into(),version:"1.0.0".into(),connectors:vec![],overlay:false,table:vec![],config_schema:String::new()} }
    fn convert(_c: exports::Context, records: Vec<exports::Input>) -> Vec<Result<exports::Outcome, types::Fault>> { records.into_iter().map(|_| Ok(exports::Outcome::Skipped("x".into()))).collect() }
    fn to_source(_c: exports::Context, _e: Vec<exports::Edit>) -> Vec<Result<exports::Patch, types::Fault>> { vec![] }
}
dovetail_sdk::export_mapping!(Hostile);
