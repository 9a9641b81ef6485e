"""What accounts may be called."""

#: What `is_name` takes, for people.
NAMES = (
    "1 to 500 characters without '/', '\\', '#', '?', '%', control characters "
    "and blanks at the beginning or end"
)


def is_name(text: str) -> bool:
    """Whether an account may be called so: records use it as a partition."""
    is_of_fit_signs = text.isprintable() and not any(sign in text for sign in "/\\#?%")
    # Stores count as UTF-16 does.
    return (
        text != ""
        and len(text.encode("utf-16-le", "surrogatepass")) <= 1_000
        and text == text.strip()
        and is_of_fit_signs
    )
