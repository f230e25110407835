# Sourced by the other scripts: which Pythons does this machine have?

# Prints the path of a Python 3.$1, or fails: from PATH, or of pyenv or uv, which often are not on PATH.
interpreter() {
    local candidate
    for candidate in \
        "python3.$1" \
        python3 \
        python \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3."$1".*/bin/python \
        "${UV_PYTHON_INSTALL_DIR:-$HOME/.local/share/uv/python}"/cpython-3."$1".*/bin/python3; do
        if "$candidate" -c 'import sys
if sys.version_info[:2] != (3, int(sys.argv[1])): sys.exit(1)
print(sys.executable)' "$1" 2>/dev/null; then
            return
        fi
    done
    return 1
}

# Prints the path of each supported Python that is found, one a line, oldest version first.
interpreters() {
    local minor
    for minor in 11 12 13 14 15; do
        interpreter "$minor" || true
    done
}

# Prints a Python, 3.11 or newer, that can make virtual environments; says what is missing if there is none.
python_with_venv() {
    local candidate without_venv=
    for candidate in python3 python $(interpreters); do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            without_venv=$("$candidate" -c 'import sys; print("python3.%d" % sys.version_info[1])')
        fi
    done
    if [[ $without_venv ]]; then
        echo "$without_venv cannot make virtual environments here; on Debian and Ubuntu:" \
            "apt install $without_venv-venv" >&2
    else
        echo "Python 3.11 or newer is needed and was not found." >&2
    fi
    return 1
}
