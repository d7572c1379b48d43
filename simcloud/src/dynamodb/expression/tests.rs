use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::attribute::Attributes;
use super::super::attribute_json::{decode_attributes, encode_attributes};
use super::*;

fn attributes(json: Value) -> Attributes {
    decode_attributes("Item", json).unwrap()
}

fn bindings(names: Value, values: Value) -> Bindings {
    Bindings::new(Some(names).filter(|n| !n.is_null()), Some(values).filter(|v| !v.is_null())).unwrap()
}

fn item() -> Attributes {
    attributes(json!({
        "pk": {"S": "file#1"}, "n": {"N": "10"}, "big": {"N": "9007199254740993"}, "flag": {"BOOL": true},
        "tags": {"SS": ["a", "b"]}, "parts": {"L": [{"S": "zero"}, {"S": "one"}, {"S": "two"}]},
        "meta": {"M": {"deep": {"M": {"x": {"N": "1"}}}, "fives": {"L": [{"N": "5"}]}}}, "raw": {"B": "AQID"},
        "status": {"S": "queued"},
    }))
}

fn values() -> Value {
    json!({
        ":n": {"N": "10"}, ":nine": {"N": "9.0"}, ":big": {"N": "9007199254740992"}, ":s": {"S": "file"}, ":q": {"S": "queued"},
        ":a": {"S": "a"}, ":list": {"L": [{"S": "three"}]}, ":set": {"SS": ["b", "c"]}, ":all": {"SS": ["a", "b"]},
        ":type": {"S": "SS"}, ":t": {"BOOL": true}, ":null": {"NULL": true},
    })
}

fn holds(source: &str) -> bool {
    let bindings = bindings(json!({"#s": "status", "#m": "meta"}), values());
    Condition::parse("ConditionExpression", source, &bindings)
        .unwrap_or_else(|error| panic!("{source}: {}", error.message))
        .holds(&item())
}

fn refusal(source: &str) -> String {
    let bindings = bindings(json!({"#s": "status"}), values());
    Condition::parse("ConditionExpression", source, &bindings).unwrap_err().message
}

#[test]
fn conditions_hold() {
    for source in [
        "n = :n",
        "n > :nine AND n >= :n AND n <= :n AND NOT n < :n",
        "big > :big",
        "#s = :q",
        "#s <> :s",
        "absent <> :s",
        "NOT absent = :s",
        "attribute_exists(pk) and attribute_not_exists(absent)",
        "attribute_exists(#m.deep.x) AND attribute_not_exists(#m.deep.y)",
        "attribute_type(tags, :type)",
        "begins_with(pk, :s)",
        "contains(tags, :a) AND contains(pk, :s) AND NOT contains(tags, :s)",
        "size(tags) < :n AND size(parts) < size(pk)",
        "n BETWEEN :nine AND :n",
        "NOT n BETWEEN :big AND :big",
        "n IN (:s, :n)",
        "parts[1] < parts[2] OR absent = :n",
        "n = :n OR n = :s AND n = :s",
        "(n = :s OR n = :n) AND (#s = :q)",
        "#m.fives[0] < :n",
        "flag = :t",
        "meta = meta2 OR n = :n",
        "NOT (n = :s) AND NOT NOT n = :n",
        "n=:n and(#s=:q)",
    ] {
        assert!(holds(source), "{source}");
    }
}

#[test]
fn conditions_fail() {
    for source in [
        "n = :s",
        "n < :s",
        "absent = :n",
        "absent < :n",
        "absent = absent2",
        "size(n) < :n",
        "n = :n AND (n = :s OR n = :s)",
        "begins_with(n, :s)",
        "parts[9] = :s",
        "#m.deep = :s",
        "absent IN (:n, :s)",
        "absent BETWEEN :nine AND :n",
        "size(absent) < :n",
    ] {
        assert!(!holds(source), "{source}");
    }
}

#[test]
fn refusals_are_worded_as_aws_words_them() {
    for (source, wanted) in [
        ("", "The expression can not be empty;"),
        ("n = ", "Syntax error; token: \"<EOF>\", near: \"=\""),
        ("n == :n", "Syntax error; token: \"=\", near: \"== :n\""),
        ("n = :n n", "Syntax error; token: \"n\", near: \":n n\""),
        ("n ! :n", "Syntax error; token: \"!\", near: \"n ! :n\""),
        (
            "n = :missing",
            "An expression attribute value used in expression is not defined; attribute value: :missing",
        ),
        (
            "#x = :n",
            "An expression attribute name used in the document path is not defined; attribute name: #x",
        ),
        ("status = :q", "Attribute name is a reserved keyword; reserved keyword: status"),
        ("attribute_exists(meta.size)", "Attribute name is a reserved keyword; reserved keyword: size"),
        (
            "n < :t",
            "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
        ),
        ("begins_with(pk, :n)", "operator or function: begins_with, operand type: N"),
        (
            "n BETWEEN :n AND :nine",
            "upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:10}",
        ),
        ("n BETWEEN :n AND :s", "same data type"),
        ("n = n", "The first operand must be distinct"),
        ("foo(n)", "Invalid function name; function: foo"),
        (
            "if_not_exists(n, :n) = :n",
            "The function is not allowed in a condition expression; function: if_not_exists",
        ),
        ("size(n)", "Syntax error; token: \"<EOF>\""),
        ("n = attribute_exists(n)", "The function is not allowed to be used this way in an expression"),
        ("attribute_exists(n, pk)", "Incorrect number of operands for operator or function"),
        (
            "attribute_exists(:n)",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        ("attribute_type(n, :s)", "Invalid attribute type name found; type: file, valid types:"),
        ("((n = :n))", "The expression has redundant parentheses;"),
        ("n[99999999999999999999] = :n", "List index is not within the allowable range"),
    ] {
        let message = refusal(source);
        assert!(message.starts_with("Invalid ConditionExpression: "), "{source}: {message}");
        assert!(message.contains(wanted), "{source}: {message}");
    }
    assert!(refusal(&"x".repeat(4097)).contains("maximum allowed size; expression size: 4097"));
    assert!(refusal(&format!("{}n = :n", "NOT ".repeat(500))).contains("nested too deeply"));
}

fn updated(source: &str) -> Result<Value, String> {
    let bindings = bindings(json!({"#s": "status", "#m": "meta"}), values());
    let update = Update::parse(source, &bindings).map_err(|error| error.message)?;
    let mut after = update.apply(&item()).map_err(|error| error.message)?;
    // What stayed as it was is left out, so that a test says only what changed.
    after.retain(|name, value| item().get(name) != Some(value));
    Ok(encode_attributes(&after))
}

#[test]
fn updates_set_remove_add_and_delete() {
    for (source, wanted) in [
        ("SET #s = :s", json!({"status": {"S": "file"}})),
        ("SET parts[0] = :s", json!({"parts": {"L": [{"S": "file"}, {"S": "one"}, {"S": "two"}]}})),
        (
            "SET parts[7] = :s",
            json!({"parts": {"L": [{"S": "zero"}, {"S": "one"}, {"S": "two"}, {"S": "file"}]}}),
        ),
        ("SET n = n + :nine", json!({"n": {"N": "19"}})),
        ("SET n = :nine - n", json!({"n": {"N": "-1"}})),
        ("SET n = n - n, x = n", json!({"n": {"N": "0"}, "x": {"N": "10"}})),
        ("SET tries = if_not_exists(tries, :nine) + :n", json!({"tries": {"N": "19"}})),
        ("SET n = if_not_exists(n, :s)", json!({})),
        (
            "SET parts = list_append(:list, if_not_exists(absent, :list))",
            json!({"parts": {"L": [{"S": "three"}, {"S": "three"}]}}),
        ),
        (
            "SET #m.deep.y = :n",
            json!({"meta": {"M": {"deep": {"M": {"x": {"N": "1"}, "y": {"N": "10"}}}, "fives": {"L": [{"N": "5"}]}}}}),
        ),
        ("REMOVE parts[0], parts[2]", json!({"parts": {"L": [{"S": "one"}]}})),
        ("REMOVE absent, parts[9]", json!({})),
        ("ADD n :nine, hits :n", json!({"n": {"N": "19"}, "hits": {"N": "10"}})),
        ("ADD tags :set", json!({"tags": {"SS": ["a", "b", "c"]}})),
        ("DELETE tags :set", json!({"tags": {"SS": ["a"]}})),
        ("DELETE absent :set", json!({})),
        ("set a = :n remove parts[1] add n :n delete tags :set", {
            json!({"a": {"N": "10"}, "parts": {"L": [{"S": "zero"}, {"S": "two"}]}, "n": {"N": "20"}, "tags": {"SS": ["a"]}})
        }),
        ("SET a = (n + :n)", json!({"a": {"N": "20"}})),
    ] {
        assert_eq!(updated(source), Ok(wanted), "{source}");
    }
}

#[test]
fn an_emptied_set_is_removed() {
    let bindings = bindings(Value::Null, json!({":all": {"SS": ["a", "b"]}}));
    let after = Update::parse("DELETE tags :all", &bindings).unwrap().apply(&item()).unwrap();
    assert!(!after.contains_key("tags"));
}

#[test]
fn updates_are_refused() {
    for (source, wanted) in [
        ("SET", "Syntax error; token: \"<EOF>\", near: \"SET\""),
        ("PUT a = :n", "Syntax error; token: \"PUT\", near: \"PUT a\""),
        ("SET a = :n SET b = :n", "The \"SET\" section can only be used once in an update expression;"),
        (
            "SET a = :n, a = :s",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]",
        ),
        ("SET a.b = :n REMOVE a", "overlap"),
        ("SET a.b = :n, a[0] = :n", "Two document paths conflict"),
        (
            "SET n = n + :s",
            "Incorrect operand type for operator or function; operator or function: +, operand type: S",
        ),
        ("SET n = n + pk", "An operand in the update expression has an incorrect data type"),
        ("SET n = absent", "The provided expression refers to an attribute that does not exist in the item"),
        ("SET absent.b = :n", "The document path provided in the update expression is invalid for update"),
        ("SET n.b = :n", "The document path provided in the update expression is invalid for update"),
        ("SET n = list_append(parts, :n)", "operator or function: list_append, operand type: N"),
        ("SET n = size(parts)", "The function is not allowed in an update expression; function: size"),
        ("SET n = :n + :n + :n", "Syntax error; token: \"+\""),
        ("ADD n :s", "operator: ADD, operand type: STRING"),
        ("ADD pk :n", "An operand in the update expression has an incorrect data type"),
        ("DELETE tags :n", "operator: DELETE, operand type: NUMBER"),
        ("SET status = :s", "Attribute name is a reserved keyword; reserved keyword: status"),
    ] {
        let message = updated(source).unwrap_err();
        assert!(message.contains(wanted), "{source}: {message}");
    }
}

#[test]
fn projections_take_paths() {
    let bindings = bindings(json!({"#m": "meta"}), Value::Null);
    let projection = Projection::parse("pk, #m.deep.x, parts[1], absent", &bindings).unwrap();
    assert_eq!(
        encode_attributes(&projection.of(&item())),
        json!({"pk": {"S": "file#1"}, "meta": {"M": {"deep": {"M": {"x": {"N": "1"}}}}}, "parts": {"L": [{"S": "one"}]}})
    );
    assert!(Projection::parse("pk, pk", &bindings).unwrap_err().message.contains("overlap"));
}

#[test]
fn placeholders_must_be_defined_well_and_used() {
    let refused = |names: Value, values: Value| Bindings::new(Some(names), Some(values)).unwrap_err().message;
    assert_eq!(refused(json!({}), json!({})), "ExpressionAttributeNames must not be empty");
    assert!(refused(json!({"a": "b"}), json!({":a": {"S": "b"}})).contains("Syntax error; key: \"a\""));
    assert!(refused(json!({"#a": "b"}), json!({":a-b": {"S": "b"}})).contains("Syntax error; key: \":a-b\""));

    assert_eq!(
        refused(json!({"#a": "b"}), json!({":v": {"SS": []}})),
        "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string set  may not be empty for key :v"
    );

    let bindings = bindings(json!({"#a": "b", "#c": "d"}), json!({":v": {"S": "x"}}));
    let _ = Condition::parse("ConditionExpression", "#a = :v", &bindings).unwrap();
    assert_eq!(
        bindings.check_used(1).unwrap_err().message,
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#c}"
    );
    assert!(
        bindings.check_used(0).unwrap_err().message.contains("can only be specified when using expressions")
    );
}

/// Words, operators and placeholders in any order: what comes near to an expression.
fn near_expression() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "SET",
        "REMOVE",
        "ADD",
        "DELETE",
        "AND",
        "OR",
        "NOT",
        "BETWEEN",
        "IN",
        "a",
        "#s",
        ":n",
        ":s",
        ":set",
        "(",
        ")",
        "[",
        "]",
        "0",
        "7",
        ",",
        ".",
        "=",
        "<>",
        "<",
        ">=",
        "+",
        "-",
        "size",
        "contains",
        "begins_with",
        "attribute_exists",
        "if_not_exists",
        "list_append",
        "attribute_type",
        "parts",
        "meta",
        "tags",
        "é",
        "#",
        ":",
    ]);
    prop::collection::vec(words, 0..24).prop_map(|words| words.join(" "))
}

fn try_everything(source: &str) {
    let bindings = bindings(json!({"#s": "status"}), values());
    if let Ok(condition) = Condition::parse("ConditionExpression", source, &bindings) {
        let _ = condition.holds(&item());
        let _ = condition.roots();
    }
    if let Ok(update) = Update::parse(source, &bindings) {
        let _ = update.apply(&item());
    }
    if let Ok(projection) = Projection::parse(source, &bindings) {
        let _ = projection.of(&item());
    }
}

proptest! {
    #[test]
    fn no_text_panics(source in ".{0,200}") {
        try_everything(&source);
    }

    #[test]
    fn no_near_expression_panics(source in near_expression()) {
        try_everything(&source);
        try_everything(&format!("SET a = {source}"));
        try_everything(&format!("({source}) AND a = :n"));
    }

    #[test]
    fn nesting_is_bounded(depth in 0_usize..2000) {
        try_everything(&format!("{}a = :n{}", "(b = :n OR ".repeat(depth / 10), ")".repeat(depth / 10)));
        try_everything(&"(".repeat(depth));
        try_everything(&format!("SET a = {}", "if_not_exists(a, ".repeat(depth / 20)));
        try_everything(&format!("SET a = {}", "(".repeat(depth)));
    }

    #[test]
    fn not_negates(left in "n|big|absent|pk", right in ":n|:s|:q", operator in "=|<>|<|<=|>|>=") {
        let source = format!("{left} {operator} {right}");
        let negated = format!("NOT {source}");
        let either = format!("({source}) OR {negated}");
        prop_assert_ne!(holds(&source), holds(&negated));
        prop_assert!(holds(&either));
    }
}
