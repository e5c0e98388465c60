"""Images that no provider could be sent are refused at the door, by name of the message."""

import pytest

from seawall import CompletionRequest, ConfigurationError, Image, Message
from seawall.image_check import IMAGE_BYTES_MAX
from seawall.prompts import request_of

PNG = Image(media_type="image/png", data=b"png")


def asked(*images, role="user"):
    return [Message(role="system", content="Look."), Message(role=role, images=images)]


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (Image(media_type="image/png"), "either data or a url"),
        (Image(media_type="image/png", data=b"x", url="https://harbour.example"), "either data or a url"),
        (Image(data=b"x"), "media_type ''"),
        (Image(media_type="text/html", data=b"x"), "media_type 'text/html'"),
        (Image(media_type="image/png", data=b""), "without bytes"),
        (Image(url="file:///etc/passwd"), "must begin with https"),
        (Image(url="data:image/png;base64,AA=="), "its bytes go into data"),
        (Image(url="https://" + "a" * 9_000), "more than 8192"),
    ],
)
def test_an_image_that_cannot_work(image, said):
    """The error names the message and what is wrong."""
    with pytest.raises(ConfigurationError, match=f"message 2: .*{said}"):
        request_of(asked(PNG, image), {})


@pytest.mark.parametrize("role", ["system", "assistant", "tool"])
def test_only_users_show_images(role):
    """No wire has them elsewhere."""
    with pytest.raises(ConfigurationError, match=f"message 2: only user messages .* {role}"):
        request_of(asked(PNG, role=role), {})


def test_all_images_of_a_request_have_one_size_limit():
    """One that fits goes, and so do any number of addresses; a little more does not."""
    half = Image(media_type="image/png", data=bytes(IMAGE_BYTES_MAX // 2))
    link = Image(url="https://harbour.example/pier.jpg")

    assert request_of(asked(half, half, link), {}).messages[1].images == (half, half, link)
    with pytest.raises(ConfigurationError, match=f"at most {IMAGE_BYTES_MAX}"):
        request_of(asked(half, half, PNG), {})


def test_a_whole_request_and_plain_mappings_are_looked_at_too():
    """However the conversation is given; bytes are base64 in a mapping."""
    with pytest.raises(ConfigurationError, match="message 2"):
        request_of(CompletionRequest(messages=tuple(asked(Image()))), {})
    mapping = {"role": "user", "images": [{"media_type": "image/png", "data": "cG5n"}]}

    assert request_of([mapping], {}).messages[0].images == (PNG,)
