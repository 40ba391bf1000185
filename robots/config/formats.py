"""Problems for machines: JSON, GitHub workflow notes, SARIF 2.1.0. Pure text out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from robots.config import problems

_GITHUB = {
    problems.Severity.ERROR: "error",
    problems.Severity.WARNING: "warning",
    problems.Severity.INFO: "notice",
}
_SARIF = {
    problems.Severity.ERROR: "error",
    problems.Severity.WARNING: "warning",
    problems.Severity.INFO: "note",
}
FORMATS = ("text", "json", "sarif", "github")


def show(found: Iterable[problems.Problem], sources: Mapping[str, str], form: str) -> str:
    """`form` is one of FORMATS."""
    if form == "json":
        return as_json(found)
    if form == "sarif":
        return as_sarif(found)
    if form == "github":
        return as_github(found)
    return problems.render_all(found, sources)


def as_dict(problem: problems.Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "file": problem.mark.file,
        "line": problem.mark.line,
        "column": problem.mark.column,
        "span": problem.span,
        "text": problem.text,
        "hint": problem.hint,
        "suggestion": problem.suggestion.strip(),
        "notes": list(problem.notes),
    }


def as_json(found: Iterable[problems.Problem]) -> str:
    return json.dumps([as_dict(problem) for problem in found], ensure_ascii=False, indent=2)


def as_github(found: Iterable[problems.Problem]) -> str:
    return "\n".join(_note(problem) for problem in found)


def _note(problem: problems.Problem) -> str:
    mark = problem.mark
    place = f"file={_property(mark.file)},line={mark.line},col={mark.column},title={problem.code}"
    return f"::{_GITHUB[problem.severity]} {place}::{_data(_sentence(problem))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _sentence(problem: problems.Problem) -> str:
    typed = f"напишите: {problem.suggestion.strip()}" if problem.suggestion else ""
    return "; ".join(part for part in (problem.text, problem.hint, typed, *problem.notes) if part)


def as_sarif(found: Iterable[problems.Problem]) -> str:
    listed = list(found)
    codes = sorted({problem.code for problem in listed})
    rules = [{"id": code, "shortDescription": {"text": problems.TITLES.get(code, code)}} for code in codes]
    driver = {"name": "voronka", "rules": rules}
    report = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": [_result(problem) for problem in listed]}],
    }
    return json.dumps(report, ensure_ascii=False, indent=2)


def _result(problem: problems.Problem) -> dict[str, Any]:
    mark = problem.mark
    region = {
        "startLine": mark.line,
        "startColumn": mark.column,
        "endColumn": mark.column + max(problem.span, 1),
    }
    place = {"physicalLocation": {"artifactLocation": {"uri": mark.file}, "region": region}}
    return {
        "ruleId": problem.code,
        "level": _SARIF[problem.severity],
        "message": {"text": _sentence(problem)},
        "locations": [place],
    }
