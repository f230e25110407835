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
    for minor in 11 12 13; do
        interpreter "$minor" || true
    done
}

# Prints a Python, 3.11 or newer, that can make virtual environments; says what is missing if there is none.
python_with_venv() {
    local candidate
    for candidate in python3 python $(interpreters) python3.14; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.11 or newer, with its venv module, is needed and was not found." >&2
    return 1
}
