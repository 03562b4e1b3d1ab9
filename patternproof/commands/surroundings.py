"""What a project needs around its adapter: pyproject lines, CI."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from string import Template

TEST = '''"""Holds the adapter beside this file against the requirements of the conformance kit."""

from patternproof.conformance import *  # noqa: F403  # the tests

ADAPTER = "adapter.py"
'''
_PYPROJECT = """# These lines belong into your pyproject.toml; where it has one of the tables, into that.

[dependency-groups]
conformance = ["patternproof[parallel]"]

[tool.pytest.ini_options]
patternproof_profile = "quick"  # for plain pytest, while typing; the CI runs the standard one
"""
_GITHUB = Template("""# Move this file to .github/workflows/.
name: conformance
on: [push, pull_request]
jobs:
  conformance:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.13"
      - run: pip install --upgrade pip  # 25.1 or later, for --group
      - run: pip install . --group conformance
      - run: patternproof smoke --adapter $adapter
      - run: patternproof run --adapter $adapter --report out --junit -n auto
      - if: always()
        run: patternproof report out >> "$$GITHUB_STEP_SUMMARY"
      - if: always()
        uses: actions/upload-artifact@v4
        with:
          name: conformance
          path: out
""")
_GITLAB = Template("""# Include this file from your .gitlab-ci.yml.
conformance:
  image: python:3.13
  script:
    - pip install --upgrade pip  # 25.1 or later, for --group
    - pip install . --group conformance
    - patternproof smoke --adapter $adapter
    - patternproof run --adapter $adapter --report out --junit -n auto
  artifacts:
    when: always
    paths: [out]
    reports:
      junit: out/junit.xml
""")
CI = {"github": _GITHUB, "gitlab": _GITLAB}
"""By name, how an adapter is run with each change."""


def files(folder: Path, adapter: str, ci: str) -> dict[Path, str]:
    """The files to write beside an adapter.

    Args:
        folder: where.
        adapter: the adapter's text.
        ci: one of `CI`, or none.
    """
    wanted = {folder / "adapter.py": adapter, folder / "test_conformance.py": TEST, folder / "pyproject-lines.toml": _PYPROJECT}
    if ci in CI:
        wanted[folder / "conformance.yml"] = CI[ci].substitute(adapter=quote((folder / "adapter.py").as_posix()))
    return wanted
