"""Nothing needs POSIX: checked on the source, and by a run without what other systems lack."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import retrodetect

PACKAGE = Path(retrodetect.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

POSIX_ONLY = {
    "_posixsubprocess", "crypt", "fcntl", "grp", "nis", "posix", "pty", "pwd", "readline",
    "resource", "spwd", "syslog", "termios", "tty",
}  # fmt: skip
POSIX_NAMES = {
    "os": (
        "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_SYNC", "chown", "chroot",
        "confstr", "copy_file_range", "fchdir", "fchown", "fork", "forkpty", "fpathconf",
        "fstatvfs", "getegid", "geteuid", "getgid", "getgroups", "getloadavg", "getpgid", "getpgrp",
        "getpriority", "getsid", "getuid", "getxattr", "killpg", "lchown", "lockf", "mkfifo",
        "mknod", "nice", "openpty", "pathconf", "pipe2", "posix_fadvise", "posix_fallocate",
        "posix_spawn", "pread", "preadv", "pwrite", "pwritev", "readv", "sched_getaffinity",
        "sched_setaffinity", "sched_yield", "sendfile", "setgid", "setpgid", "setpriority",
        "setsid", "setuid", "setxattr", "statvfs", "sync", "sysconf", "uname", "wait", "wait3",
        "wait4", "waitid", "writev",
    ),
    "select": ("epoll", "poll"),
    "signal": (
        "SIGALRM", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGPROF", "SIGQUIT",
        "SIGSTOP", "SIGTSTP", "SIGUSR1", "SIGUSR2", "alarm", "getitimer", "pause", "pthread_kill",
        "pthread_sigmask", "setitimer", "siginterrupt", "sigpending", "sigtimedwait", "sigwait",
        "sigwaitinfo",
    ),
    "socket": ("AF_UNIX", "CMSG_LEN", "sethostname"),
    "time": ("clock_getres", "clock_gettime", "clock_settime", "pthread_getcpuclockid", "tzset"),
    "mmap": ("MADV_DONTNEED", "MADV_SEQUENTIAL", "MADV_WILLNEED", "PROT_READ", "PROT_WRITE"),
}  # fmt: skip
"""What Windows does not have, by the documentation of Python."""

ENCODINGS = {"ascii", "utf-8", "utf-8-sig"}

ELSEWHERE = f"""
import mmap, os, select, signal, socket, sys, time, types, warnings
sys.path.insert(0, {str(PACKAGE.parent)!r})
import joblib, matplotlib.pyplot, pandas, scipy.signal  # these ask which system it is
from retrodetect import locations
from retrodetect.cli import main

for name in {POSIX_ONLY - {"posix", "_posixsubprocess"}!r}:
    sys.modules[name] = None
for module, names in {POSIX_NAMES!r}.items():
    for name in names:
        if hasattr(sys.modules[module], name):
            delattr(sys.modules[module], name)

class Windows:
    name = "nt"
    def __getattr__(self, name):
        return getattr(os, name)

def locking(number, how, count):
    print("locked", file=sys.stderr)

locations.os = Windows()
sys.modules["msvcrt"] = types.SimpleNamespace(locking=locking, LK_NBLCK=2)
warnings.filterwarnings("error", category=EncodingWarning, module="retrodetect")
main()
"""
"""A run in which POSIX is not there, files are locked as on Windows, and no text is opened without
its encoding."""


def imported_at_once(tree):
    """Modules that are imported as soon as a module is, wherever in its top level."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def unguarded_names(tree):
    """Names of POSIX that nothing asks for before, by ``hasattr`` in the same function."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    guarded = {
        (id(inner), word.value)
        for function in functions
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "hasattr"
        for word in call.args
        if isinstance(word, ast.Constant)
        for inner in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = POSIX_NAMES.get(node.value.id, ())
            if node.attr in names and (id(node), node.attr) not in guarded:
                yield f"{node.value.id}.{node.attr}"


def without_encoding(tree):
    """Lines on which text is read or written in whatever encoding the system prefers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            modes = {each.value for each in node.args if isinstance(each, ast.Constant)}
            is_text = name == "open" and modes & {"r", "w", "a", "x", "rt", "wt"}
            is_text = is_text or (name in ("read_text", "write_text") and not modes & ENCODINGS)
            if is_text and not any(word.arg == "encoding" for word in node.keywords):
                yield node.lineno


@pytest.mark.parametrize("check", [imported_at_once, unguarded_names, without_encoding])
def test_no_module_takes_posix_for_granted(check):
    wrong = {}
    for module in MODULES:
        found = [*check(ast.parse(module.read_text("utf-8")))]
        if check is imported_at_once:
            found = [name for name in found if name.split(".")[0] in POSIX_ONLY]
        if found:
            wrong[module.relative_to(PACKAGE).as_posix()] = found
    assert wrong == {}


def label(line, folder, out, model):
    return subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", *line, "label", str(folder), "--out",
         str(out), "--model", str(model), "--report", "--jobs", "1", "-q"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_run_without_posix_writes_the_same(tmp_path, write_walk, stored_model):
    write_walk(tmp_path / "in" / "walk.csv")
    here = label(["-m", "retrodetect"], tmp_path / "in", tmp_path / "here", stored_model)
    there = label(["-c", ELSEWHERE], tmp_path / "in", tmp_path / "there", stored_model)
    assert (here.returncode, there.returncode) == (0, 0), here.stderr + there.stderr
    assert there.stderr.count("locked") == 1
    strides = [(tmp_path / out / "strides.csv").read_bytes() for out in ("here", "there")]
    assert strides[0] == strides[1]
