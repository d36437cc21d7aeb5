//! What a person is told of a file that is not in order.

use dovetail_sdk::mapping::exports::Context;
use dovetail_sdk::mapping::types::Cause;
use serde_json::json;

use crate::{RulesFromAFile, run_tests};
use dovetail_sdk::Mapping as _;

fn told(file: &str) -> String {
    let context = Context {
        config: json!({ "rules": file }).to_string(),
        organization: None,
    };
    let fault = RulesFromAFile::configure(context.clone()).unwrap_err();
    assert_eq!(fault.cause, Cause::InvalidConfig("rules".into()));
    fault.message
}

/// What is told of a rule of configurations; it begins in line 4.
fn of_rule(rule: &str) -> String {
    told(&format!("version = 1\n[[rule]]\nkind = 'configuration'\n{rule}"))
}

#[test]
fn everything_is_told_in_one_go() {
    let file = r#"
versoin = 1
country = "UK"

[[rule]]
kind = ["configuration", "tiket"]
feild = "name"
field = "nmae"
template = "{{ fields.nam | uper }}"

[[rule]]
kind = "configuration"
field = "name"
when = '''
source.type.name
  == sorce.name'''
constant = "x"
then = ["trimm"]
"#;
    assert_eq!(
        told(file),
        "line 1, column 1: the file lacks `version = 1` at its top; \
         line 2, column 1: the file has no `versoin`; did you mean `version`? \
         line 3, column 11: no country `UK` is known; there are `US`, `CA`, `GB`, `IE`, `DE`, `AT`, `CH`, `FR`, `BE`, `NL`, `SE`, `FI`, `AU`, `NZ`, `ZA`, `IN`, `PL`, `ES`, `PT`, `DK`, `NO`; \
         line 6, column 26: there is no kind `tiket`; did you mean `ticket`? \
         line 7, column 1: a rule has no `feild`; did you mean `field`? \
         line 8, column 9: `configuration` has no field `nmae`; did you mean `name`? \
         line 9, column 23: no kind has a field `nam`; did you mean `name`? \
         line 9, column 29: there is no filter `uper`; did you mean `upper`? \
         line 16, column 6: there is no variable `sorce`; did you mean `source`? \
         line 18, column 9: there is no step `trimm`; did you mean `trim`?"
    );
}

#[test]
fn toml_itself_is_told_with_its_place() {
    let files = [
        "version = 1\nname = \"x\n",
        "version = \n[[rule]\n",
        "a = 1\na = 2",
    ];
    assert_eq!(
        files.map(told),
        [
            "line 2, column 10: this is no TOML: invalid basic string, expected `\"`",
            "line 1, column 11: this is no TOML: string values must be quoted, expected literal string; \
             line 2, column 8: this is no TOML: unclosed array table, expected `]`",
            "line 2, column 1: this is no TOML: duplicate key",
        ]
    );
}

#[test]
fn expressions_are_told_with_their_place_in_the_file() {
    let rules = [
        "copy = 'source.name |'",
        "copy = \"\"\"\nsource\n  .name )\"\"\"",
        "template = \"\\u00e4\\n{{ sorce.name }}\"",
        "template = 'ä {{ source.name'",
        "copy = 'source.name.upper()'",
        "copy = 'range(3)'",
        "when = 'value is emty'\ncopy = 'value'",
        "template = '{% for x in source.list %}{{ x | uper }}{{ y }}{% endfor %}'",
    ];
    let told: Vec<String> = rules
        .iter()
        .map(|rule| of_rule(&format!("field = 'name'\n{rule}")))
        .collect();
    assert_eq!(
        told,
        [
            "line 5, column 21: this cannot be read: unexpected end of input, expected identifier",
            "line 7, column 9: this cannot be read: unexpected input after expression",
            "line 5, column 24: there is no variable `sorce`; did you mean `source`?",
            "line 5, column 25: this cannot be read: unexpected end of input, expected end of variable block",
            "line 5, column 21: `.upper(…)` cannot be called here; there are filters: `value | upper`",
            "line 5, column 9: there is no function `range`; there are filters: `value | upper`",
            "line 5, column 18: there is no test `emty`; there are `defined`, `undefined`, `none`, `string`, `number`, \
             `integer`, `float`, `boolean`, `sequence`, `mapping`, `iterable`, `startingwith`, `endingwith`, `in`, \
             `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `true`, `false`",
            "line 5, column 46: there is no filter `uper`; did you mean `upper`? \
             line 5, column 56: there is no variable `y`; there are `source`, `fields`, `traits`, `value`, `kind`, \
             `id`, `organization`, `country`",
        ]
    );
}

#[test]
fn rules_are_told_what_they_lack() {
    for (rule, words) in [
        (
            "field = 'name'",
            "line 2, column 1: a rule has one of `constant`, `template`, `copy`, `lookup`, `pick`, `split`; this has none",
        ),
        (
            "constant = 'x'",
            "line 2, column 1: a rule has one of `field`, `trait`, `skip`; this has none",
        ),
        (
            "field = 'name'\ntrait = 'x'\nconstant = 1",
            "line 5, column 1: a rule has only one of `field`, `trait`",
        ),
        (
            "field = 'name'\nconstant = 1\ncopy = 'id'",
            "line 6, column 1: a rule has only one of `constant`, `copy`",
        ),
        (
            "skip = 'x'\nconstant = 1",
            "line 5, column 1: a rule with `skip` has no `constant`; its reason is the text of `skip`",
        ),
        (
            "field = 7\nconstant = 1",
            "line 4, column 9: `field` takes a text in quotes, not a number",
        ),
        (
            "field = 'active'\nconstant = 'maybe'",
            "line 5, column 12: `active` of `configuration` takes yes or no (`true` or `false`), not `maybe`",
        ),
        (
            "field = 'active'\nconstant = true\nthen = 'trim'",
            "line 6, column 1: steps are for texts, and this field holds none",
        ),
        (
            "field = 'contact'\ncopy = 'source.contact'",
            "line 4, column 1: this field links to a record of kind `contact`; a rule can only copy such a link from another field: `copy = \"fields.…\"`",
        ),
        (
            "field = 'name'\nconstant = 'x'\noverwrite = 'never'",
            "line 6, column 13: `overwrite` is one of `always`, `empty`, not `never`",
        ),
        (
            "field = 'name'\ncopy = 'id'\nmove = true",
            "line 6, column 1: only a trait can be moved: `copy = \"traits['…']\"`",
        ),
        (
            "field = 'name'\nlookup = { of = 'id' }",
            "line 5, column 10: `lookup` lacks `table`, such as `{ Srv = \"Server\" }`",
        ),
        (
            "field = 'name'\nlookup = { of = 'id', tabel = {}, table = {} }",
            "line 5, column 23: `lookup` has no `tabel`; did you mean `table`?",
        ),
        (
            "field = 'name'\nsplit = { of = 'id', at = '', take = 0 }",
            "line 5, column 27: `at` is what stands between the parts; it must not be empty; line 5, column 38: `take` counts from 1; -1 is the last part",
        ),
        (
            "field = 'name'\npick = [{ value = 1 }, { when = 'id', value = 2 }]",
            "line 5, column 9: only the last choice can do without `when`",
        ),
        (
            "field = 'name'\npick = []",
            "line 5, column 1: `pick` takes a list of choices: `[{ when = \"…\", value = … }]`",
        ),
        (
            "field = 'active'\nlookup = { of = 'id', table = { a = 'b' } }",
            "line 5, column 37: `active` of `configuration` takes yes or no (`true` or `false`), not `b`",
        ),
    ] {
        assert_eq!(of_rule(rule), words, "{rule}");
    }
}

#[test]
fn what_the_host_would_not_take_or_nobody_means_is_told() {
    let long = format!("trait = '{}'\nconstant = 1", "x".repeat(201));
    for (rule, words) in [
        (
            "trait = \"a\\u0000b\"\nconstant = 1",
            "line 4, column 9: a trait's name is one line without control characters, such as `custom_fields.Rack`",
        ),
        (
            "trait = \"\"\"a\nb\"\"\"\nconstant = 1",
            "line 4, column 9: a trait's name is one line without control characters, such as `custom_fields.Rack`",
        ),
        (
            "trait = ''\nconstant = 1",
            "line 4, column 9: a trait's name has 1 to 200 bytes; this one has 0",
        ),
        (
            &long,
            "line 4, column 9: a trait's name has 1 to 200 bytes; this one has 201",
        ),
        (
            "trait = 'x'\ncopy = \"traits['a\\tb']\"\nmove = true",
            "line 5, column 8: a trait's name is one line without control characters, such as `custom_fields.Rack`",
        ),
        (
            "skip = ' '",
            "line 4, column 8: `skip` takes the reason why the record is left out; it must not be empty",
        ),
        (
            "field = 'name'\nconstant = ''",
            "line 5, column 12: `name` of `configuration` takes a text that is not empty",
        ),
    ] {
        assert_eq!(of_rule(rule), words, "{rule}");
    }
}

#[test]
fn numbers_that_json_does_not_have_are_told() {
    let whole = "does not fit; whole numbers go from -9223372036854775808 to 9223372036854775807, and longer ones are texts in quotes";
    let other = "is no number that a record can hold; write one with digits, or a text in quotes";
    for (rule, words) in [
        (
            "field = 'model'\nconstant = inf",
            format!("line 5, column 12: `inf` {other}"),
        ),
        (
            "trait = 'x'\nconstant = { a = [1, nan] }",
            format!("line 5, column 22: `nan` {other}"),
        ),
        (
            "field = 'model'\nconstant = 1e999",
            format!("line 5, column 12: `1e999` {other}"),
        ),
        (
            "field = 'model'\nconstant = 99999999999999999999",
            format!("line 5, column 12: `99999999999999999999` {whole}"),
        ),
        (
            "field = 'model'\nlookup = { of = 'id', table = { a = inf }, otherwise = -inf }",
            format!("line 5, column 37: `inf` {other}; line 5, column 56: `-inf` {other}"),
        ),
        (
            "field = 'model'\npick = [{ value = nan }]",
            format!("line 5, column 19: `nan` {other}"),
        ),
        (
            "field = 'model'\nsplit = { of = 'id', at = ',', take = 99999999999999999999 }",
            format!("line 5, column 39: `99999999999999999999` {whole}"),
        ),
        (
            "field = 'model'\nconstant = 1\n[[test]]\nname = 'x'\nkind = 'ticket'\nskipped = ''\nsource = { a = nan }\ntraits = { b = inf }",
            format!("line 10, column 16: `nan` {other}; line 11, column 16: `inf` {other}"),
        ),
    ] {
        assert_eq!(of_rule(rule), words, "{rule}");
    }
}

#[test]
fn kinds_are_told_once() {
    let kinds = "there are `organization`, `location`, `contact`, `configuration`, `ticket`";
    let empty = format!("`kind` takes at least one kind, and this list is empty; {kinds}");
    let rule = |kind: &str, field: &str| {
        format!("version = 1\n[[rule]]\nkind = {kind}\ntrait = 'x'\ntemplate = '{{{{ fields.{field} }}}}'\n")
    };
    for (file, words) in [
        (rule("[]", "name"), format!("line 3, column 8: {empty}")),
        (
            rule("'ticket'", "board") + "[[test]]\nname = 'x'\nkind = []\nskipped = ''",
            format!("line 8, column 8: {empty}"),
        ),
        (
            rule("'configurations'", "name"),
            "line 3, column 8: there is no kind `configurations`; did you mean `configuration`?".to_owned(),
        ),
        (
            // A ticket has a board.
            rule("['configuration', 'tiket']", "board"),
            "line 3, column 26: there is no kind `tiket`; did you mean `ticket`?".to_owned(),
        ),
        (
            rule("'tiket'", "bord"),
            "line 3, column 8: there is no kind `tiket`; did you mean `ticket`? \
             line 5, column 23: no kind has a field `bord`; did you mean `board`?"
                .to_owned(),
        ),
    ] {
        assert_eq!(told(&file), words, "{file}");
    }
}

#[test]
fn more_rows_than_the_host_takes_are_told() {
    let kinds = "['organization', 'location', 'contact', 'configuration', 'ticket']";
    let rules: String = (0..401)
        .map(|n| format!("[[rule]]\nkind = {kinds}\ntrait = 'x{n}'\nconstant = 1\n"))
        .collect();
    assert_eq!(
        told(&format!("version = 1\n{rules}")),
        "the rules set 2005 fields and traits, each kind's counted by themselves; they may set 2000"
    );
}

#[test]
fn why_a_rule_cannot_go_both_ways_is_told() {
    for (rule, why) in [
        (
            "field = 'model'\nconstant = 'x'",
            "a constant says nothing about the PSA's record",
        ),
        (
            "field = 'model'\ncopy = 'fields.name'",
            "it does not come from one place in the PSA's record, such as `source.type.name`",
        ),
        (
            "field = 'model'\ncopy = 'source.a | upper'",
            "it does not come from one place in the PSA's record, such as `source.type.name`",
        ),
        (
            "field = 'model'\ncopy = 'source.a'\nthen = 'trim'",
            "its `then` steps lose how the text was written",
        ),
        (
            "field = 'model'\ncopy = 'source.a'\noverwrite = 'empty'",
            "with `overwrite = \"empty\"` the value may come from elsewhere",
        ),
        (
            "field = 'model'\ncopy = 'source.a'\nwhen = 'fields.name'",
            "its condition reads `fields.name`, which is not known when an edit is brought back",
        ),
        (
            "field = 'model'\nsplit = { of = 'source.a', at = ',', take = 1 }",
            "the other parts of the text are not known",
        ),
        (
            "field = 'model'\npick = [{ copy = 'source.a' }]",
            "it is not known which choice an edited value came from",
        ),
        (
            "field = 'model'\nlookup = { of = 'source.a', table = { a = 'x', b = 'x' } }",
            "`a` and `b` stand for the same value",
        ),
        (
            "field = 'active'\nlookup = { of = 'source.a', table = { a = 'yes', b = true } }",
            "`a` and `b` stand for the same value",
        ),
        (
            "field = 'model'\nlookup = { of = 'source.a', table = { a = 'x' }, otherwise = 'x' }",
            "`otherwise` is also what `a` stands for",
        ),
        (
            "field = 'model'\ntemplate = '{{ source.a }}{{ source.b }}'",
            "only a template of one path with fixed text around it, such as `HD {{ source.name }}`, can be reversed",
        ),
        (
            "field = 'active'\ntemplate = '{{ source.a }}'",
            "a template can be reversed only where it makes a text",
        ),
        (
            "field = 'location'\ncopy = 'fields.location'",
            "a link to another record cannot be brought back",
        ),
    ] {
        let lines = rule.lines().count() + 4;
        let words = format!("line {lines}, column 1: this rule cannot go both ways: {why}");
        assert_eq!(of_rule(&format!("{rule}\ndirection = 'both'")), words, "{rule}");
    }
}

#[test]
fn rules_of_both_ways_that_get_into_each_others_way_are_told() {
    let both = |field: &str, copy: &str| {
        format!("[[rule]]\nkind = 'configuration'\nfield = '{field}'\ncopy = '{copy}'\ndirection = 'both'\n")
    };
    let file = format!(
        "version = 1\n{}{}",
        both("model", "source.a"),
        "[[rule]]\nkind = 'configuration'\nfield = 'model'\nconstant = 'x'"
    );
    assert_eq!(
        told(&file),
        "line 2, column 1: this rule cannot go both ways: the rule in line 7 sets the same"
    );
    let file = format!(
        "version = 1\n{}{}",
        both("model", "source.a.b"),
        both("notes", "source.a.c")
    );
    assert_eq!(
        told(&file),
        "line 2, column 1: this rule cannot go both ways: the rule in line 7 is brought back into the same property; \
         line 7, column 1: this rule cannot go both ways: the rule in line 2 is brought back into the same property"
    );
    let file = format!("version = 1\n{}when = 'source.a.b'", both("model", "source.a"));
    assert_eq!(
        told(&file),
        "line 2, column 1: this rule cannot go both ways: the condition of a rule of both ways reads the property that an edit changes"
    );
}

#[test]
fn a_policy_that_cannot_be_is_told() {
    let rule = |rest: &str| format!("field = 'model'\ncopy = 'source.a'\n{rest}");
    for sends in ["both", "from-local"] {
        assert_eq!(
            of_rule(&rule(&format!("policy = '{sends}'"))),
            format!(
                "line 6, column 1: `{sends}` sends, and this rule goes inward: add `direction = \"both\"`, or choose \
                 `from-psa`, `fill-empty` or `manual`"
            )
        );
    }
    assert_eq!(
        of_rule(&rule("policy = 'newest'")),
        "line 6, column 10: `policy` is one of `both`, `from-psa`, `from-local`, `fill-empty`, `manual`, not `newest`"
    );
    assert_eq!(
        of_rule("skip = 'gone'\npolicy = 'manual'"),
        "line 5, column 1: a rule with `skip` has no `policy`; its reason is the text of `skip`"
    );
    let rule = |policy: &str| {
        format!(
            "[[rule]]\nkind = 'configuration'\nfield = 'model'\nwhen = 'source.x'\nconstant = 'y'\n{policy}\n"
        )
    };
    let [manual, silent, fill] = ["policy = 'manual'", "", "policy = 'fill-empty'"].map(rule);
    assert_eq!(
        told(&format!("version = 1\n{manual}{silent}{fill}")),
        "line 14, column 1: the rule in line 2 asks for another policy for the same"
    );
}

#[test]
fn a_test_that_fails_is_told_and_so_is_one_that_makes_no_sense() {
    let rule = "version = 1\n[[rule]]\nkind = 'configuration'\nfield = 'name'\ntemplate = 'HD {{ value }}'\n";
    for (test, words) in [
        (
            "fields = { name = 'A' }\nexpect = { fields = { name = 'A' } }",
            "test `x` (line 6): field `name`: expected `A`, got `HD A`",
        ),
        (
            "traits = { a = 1 }\nexpect = { traits = { a = 2, b = '' } }",
            "test `x` (line 6): trait `a`: expected `2`, got `1`",
        ),
        (
            "skipped = 'y'",
            "test `x` (line 6): expected the record to be left out, but the record is mapped",
        ),
        (
            "error = 'y'",
            "test `x` (line 6): expected an error, but the record is mapped",
        ),
        (
            "expect = { fields = { nmae = 'A' } }",
            "line 9, column 23: `configuration` has no field `nmae`; did you mean `name`?",
        ),
        (
            "fields = { active = 'maybe' }\nskipped = ''",
            "line 9, column 21: `active` takes yes or no (`true` or `false`), not `maybe`",
        ),
        (
            "expects = {}",
            "line 6, column 1: a test has one of `expect`, `skipped`, `error`; this has none; line 9, column 1: a test has no `expects`; did you mean `expect`?",
        ),
    ] {
        assert_eq!(
            told(&format!(
                "{rule}[[test]]\nname = 'x'\nkind = 'configuration'\n{test}"
            )),
            words,
            "{test}"
        );
    }
}

#[test]
fn a_test_wants_part_of_the_reason() {
    let file = |part: &str| {
        format!(
            "version = 1\n[[rule]]\nkind = 'ticket'\nskip = '{{{{ fields.number }}}} is closed'\n\
             [[test]]\nname = 'x'\nkind = 'ticket'\nfields = {{ number = 7 }}\nskipped = '{part}'"
        )
    };
    for part in ["7 is closed", "closed", ""] {
        assert_eq!(run_tests(&file(part)), Ok(vec![]), "{part}");
    }
    assert_eq!(
        told(&file("open")),
        "test `x` (line 5): expected a reason with `open`, got `7 is closed`"
    );
}

#[test]
fn a_test_says_what_it_means_as_cases_do() {
    let rules = "version = 1\n[[rule]]\nkind = 'contact'\ntrait = 'owner'\ncopy = 'traits.gone'\n\
                 [[rule]]\nkind = 'contact'\nfield = 'title'\ncopy = 'id'\n";
    let file = |test: &str| format!("{rules}[[test]]\nname = 'x'\nkind = 'contact'\n{test}");
    for test in [
        "expect = { traits = { owner = { absent = true } }, fields = { first_name = { absent = true } } }",
        "expect = { traits = { owner = '' }, fields = { first_name = '' } }",
        "source = { id = 17 }\nexpect = { fields = { title = '17' } }",
        "expect = { fields = { title = '1' } }",
        "fields = { location = { id = '5', name = 'Head office' } }\nexpect = { fields = { location = { id = 5 } } }",
    ] {
        assert_eq!(run_tests(&file(test)), Ok(vec![]), "{test}");
    }
    let other = "fields = { location = { id = 5, name = 'A' } }\nexpect = { fields = { location = { id = 5, name = 'B' } } }";
    assert_eq!(run_tests(&file(other)).map(|failed| failed.len()), Ok(1));
}

#[test]
fn a_configuration_without_rules_is_told() {
    for (config, words) in [
        ("{}", "the configuration lacks `rules`, the text of a TOML file"),
        (
            "{\"rules\": 7}",
            "the configuration lacks `rules`, the text of a TOML file",
        ),
        (
            "{\"rulse\": \"\"}",
            "the configuration has no `rulse`; it has `rules`, the text of a TOML file",
        ),
    ] {
        let context = Context {
            config: config.into(),
            organization: None,
        };
        assert_eq!(
            RulesFromAFile::configure(context.clone()).unwrap_err().message,
            words
        );
    }
    assert_eq!(
        told(&"#".repeat(300_000)),
        "the file has 300000 bytes; it may have 262144"
    );
    let many: String = (0..40)
        .map(|n| format!("k{n} = \"{}\"\n", "y".repeat(9)))
        .collect();
    let message = told(&many);
    assert!(message.len() <= 2048 && message.contains("more"), "{message}");
}
