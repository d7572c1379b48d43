"""CloudWatch metric math: is it an expression, of metrics that are there?"""

import re
from typing import Iterator

TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<symbol><=|>=|==|!=|&&|\|\||[-+*/^()<>,]))")
IDENTIFIER = re.compile(r"[a-z][a-zA-Z0-9_]*")
OPERATORS = {"+", "-", "*", "/", "^", "<", ">", "<=", ">=", "==", "!=", "&&", "||", "AND", "OR"}
# Function → how many arguments it takes.
FUNCTIONS = {
    "ABS": (1, 1), "AVG": (1, 1), "CEIL": (1, 1), "DIFF": (1, 1), "FILL": (2, 2), "FLOOR": (1, 1), "IF": (2, 3),
    "MAX": (1, 1), "METRICS": (0, 1), "MIN": (1, 1), "PERIOD": (1, 1), "RATE": (1, 1), "RUNNING_SUM": (1, 1),
    "STDDEV": (1, 1), "SUM": (1, 1), "TIME_SERIES": (1, 1),
}
CONSTANTS = {"LINEAR", "REPEAT"}


class Wrong(Exception):
    """Why it is no expression."""


class Parser:
    """expression := [-] operand (operator [-] operand)*; operand := number | name | function(…) | (expression)"""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        self.used: set[str] = set()
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if not found:
                raise Wrong(f"unexpected {text[at:].strip()[0]!r}")
            self.tokens.append(found[0].strip())
            at = found.end()

    def take(self, expected: str | None = None) -> str:
        token = self.tokens.pop(0) if self.tokens else "the end"
        if expected is not None and token != expected:
            raise Wrong(f"expected {expected!r} and not {token!r}")
        return token

    def expression(self) -> None:
        self.operand()
        while self.tokens and self.tokens[0] in OPERATORS:
            self.take()
            self.operand()

    def operand(self) -> None:
        token = self.take()
        if token == "-":
            self.operand()
        elif token == "(":
            self.expression()
            self.take(")")
        elif token in FUNCTIONS and self.tokens[:1] == ["("]:
            self.arguments(token)
        elif IDENTIFIER.fullmatch(token):
            self.used.add(token)
        elif not token[0].isdigit() and token not in CONSTANTS:
            raise Wrong(f"{token!r} is neither a metric's id nor a function")

    def arguments(self, function: str) -> None:
        self.take("(")
        count = 0
        while self.tokens[:1] != [")"]:
            if count:
                self.take(",")
            self.expression()
            count += 1
        self.take(")")
        least, most = FUNCTIONS[function]
        if not least <= count <= most:
            raise Wrong(f"{function} takes {least} to {most} arguments, not {count}")


def identifiers(expression: str) -> set[str]:
    """The ids that an expression uses; raises Wrong."""
    parser = Parser(expression)
    parser.expression()
    if parser.tokens:
        raise Wrong(f"unexpected {parser.tokens[0]!r}")
    return parser.used


def mistakes(queries: list[dict]) -> Iterator[str]:
    """What is wrong with the metrics and expressions (`id`, `expression`, `return_data`) of one alarm or policy."""
    ids = [query["id"] for query in queries]
    for query_id in ids:
        if not IDENTIFIER.fullmatch(query_id):
            yield f"id {query_id!r} does not begin with a small letter"
        if ids.count(query_id) > 1:
            yield f"id {query_id!r} is given twice"
    # Not given is true: for CloudWatch and for Terraform's provider of scaling policies alike.
    results = [query["id"] for query in queries if query.get("return_data") is not False and query.get("return_data") != "false"]
    used: set[str] = set()
    for query in queries:
        if query.get("expression"):
            try:
                used |= identifiers(query["expression"])
            except Wrong as wrong:
                yield f"{query['expression']!r} is no metric math: {wrong}"
    for name in sorted(used - set(ids)):
        yield f"{name!r} is the id of no metric here"
    if len(results) != 1:
        yield f"expected one result, and {results or 'none'} return data"
    for name in ids:
        if name not in used and name not in results:
            yield f"{name!r} is used by no expression"
