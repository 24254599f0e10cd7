"""The release command refuses what must not be released; real packages, git and builds, in a copy."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import release
from distributions import NotReady, Package, build, check_sdist, check_wheel, git, packages

ROOT = Path(__file__).parents[1]


@pytest.fixture
def package(tmp_path) -> Package:
    """A copy of the package mediarack-decode-ffmpeg, committed to a git repository of its own."""
    folder = tmp_path / "repository" / "packages" / "decode-ffmpeg"
    original = Package(ROOT / "packages" / "decode-ffmpeg")
    for name in original.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(original.folder / name, folder / name)
    git("init", "--quiet", cwd=folder.parents[1])
    commit(folder)
    return Package(folder)


def commit(folder: Path) -> None:
    git("add", "--all", cwd=folder)
    git("-c", "user.name=x", "-c", "user.email=x@example.invalid", "commit", "--quiet", "-m", "x", cwd=folder)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_every_package_is_found_the_core_first():
    found = packages()
    assert found[0].name == "mediarack"
    assert {package.folder for package in found} == {path.parent for path in ROOT.glob("packages/*/pyproject.toml")}


@pytest.mark.parametrize("package_", packages(), ids=lambda package: package.name)
def test_every_changelog_begins_with_the_version_there_is(package_):
    assert package_.released_on


def test_a_sound_package_passes(package, tmp_path):
    wheel, sdist = build(package, tmp_path / "dist")
    check_wheel(package, wheel)
    check_sdist(package, sdist)


def test_a_file_in_the_wheel_that_is_not_of_the_source_is_told(package, tmp_path):
    (package.folder / "tests" / "huge.mp4").write_bytes(b"media")
    forced = '[tool.hatch.build.targets.wheel.force-include]\n"tests/huge.mp4" = "mediarack_decode_ffmpeg/huge.mp4"\n'
    pyproject = package.folder / "pyproject.toml"
    pyproject.write_text(f"{pyproject.read_text(encoding='utf-8')}\n{forced}", encoding="utf-8")
    wheel, _ = build(package, tmp_path / "dist")
    with pytest.raises(NotReady, match=r"huge\.mp4'\] too many"):
        check_wheel(package, wheel)


def test_a_module_that_the_wheel_lacks_is_told(package, tmp_path):
    wheel, _ = build(package, tmp_path / "dist")
    (package.folder / "src" / "mediarack_decode_ffmpeg" / "later.py").touch()
    with pytest.raises(NotReady, match=r"later\.py'\] missing"):
        check_wheel(package, wheel)


def test_requirements_that_differ_from_pyproject_are_told(package, tmp_path):
    wheel, _ = build(package, tmp_path / "dist")
    replace(package.folder / "pyproject.toml", '"numpy>=1.24"', '"numpy>=2"')
    with pytest.raises(NotReady, match=r"differ in .*numpy>=1.24.*numpy>=2"):
        check_wheel(Package(package.folder), wheel)


@pytest.mark.parametrize("joined", ["and", "or"])
def test_a_requirement_of_an_extra_may_have_a_marker_of_its_own(package, tmp_path, joined):
    marked = f"colorama>=0.4; sys_platform == 'win32' {joined} platform_machine == 'x86_64'"
    replace(package.folder / "pyproject.toml", "pyav = [", f'pyav = ["{marked}", ')
    marked_package = Package(package.folder)
    wheel, _ = build(marked_package, tmp_path / "dist")
    check_wheel(marked_package, wheel)


def test_a_version_without_a_section_in_the_changelog_is_refused(package):
    replace(package.folder / "src" / "mediarack_decode_ffmpeg" / "__init__.py", f'"{package.version}"', '"9.9.9"')
    with pytest.raises(NotReady, match=r"the version is 9\.9\.9"):
        release.check_release(Package(package.folder))


def test_a_version_without_a_date_is_refused(package):
    replace(package.folder / "CHANGELOG.md", f"## {package.version} - {package.released_on}", "## 0.1.0 - unreleased")
    replace(package.folder / "src" / "mediarack_decode_ffmpeg" / "__init__.py", f'"{package.version}"', '"0.1.0"')
    with pytest.raises(NotReady, match="write the day"):
        release.check_release(Package(package.folder))


def test_a_version_that_has_its_tag_is_refused(package):
    heading = f"## {package.version} - "
    replace(package.folder / "CHANGELOG.md", f"{heading}{package.released_on}", f"{heading}2026-01-31")
    release.check_release(package)
    git("tag", package.tag, cwd=package.folder)
    with pytest.raises(NotReady, match=f"the tag {package.tag} exists"):
        release.check_release(package)


def test_a_tree_with_changes_is_refused(package):
    release.check_tree(package.folder)
    (package.folder / "new.txt").touch()
    with pytest.raises(NotReady, match=r"not committed(.|\n)*new\.txt"):
        release.check_tree(package.folder)


def test_an_unknown_package_is_refused_with_the_names_there_are():
    with pytest.raises(NotReady, match=r"no package mediarack-nothing; there is .*mediarack-asr"):
        release.choose(packages(), ["mediarack-nothing"])


def test_the_tag_printed_is_one_that_git_takes(package):
    tag, _, upload = release.commands(package)
    assert f"git tag -a {package.tag} " in tag
    subprocess.run(["git", "check-ref-format", f"refs/tags/{package.tag}"], check=True)
    assert upload.endswith(f"{package.stem}*")
