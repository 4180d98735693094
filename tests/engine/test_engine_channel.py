"""The line of messages between a trial and its supervisor."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from threading import Thread

import numpy as np
import pytest

from cockpit.engine.channel import GO, STOP, Channel, ChannelClosedError


@pytest.fixture
def raw_and_channel() -> Iterator[tuple[socket.socket, Channel]]:
    raw, end = socket.socketpair()
    channel = Channel(end)
    yield raw, channel
    raw.close()
    channel.close()


Ends = tuple[socket.socket, Channel]


def test_what_is_sent_is_received_in_order(raw_and_channel: Ends) -> None:
    raw, channel = raw_and_channel
    other = Channel(raw)
    for number in range(100):
        other.send({"say": "eval", "step": number})
    assert [channel.receive()["step"] for _ in range(60)] == list(range(60))
    assert [message["step"] for message in channel.pending()] == list(range(60, 100))
    assert channel.pending() == []


def test_a_message_counts_when_it_is_whole(raw_and_channel: Ends) -> None:
    raw, channel = raw_and_channel
    text = json.dumps(GO).encode() + b"\n"
    for byte in text[:-1]:
        raw.send(bytes([byte]))
        assert channel.pending() == []
    raw.send(text[-1:] + b'{"say": ')
    assert channel.pending() == [GO]
    raw.send(b'"stop"}\n')
    assert channel.receive() == STOP


def test_a_message_larger_than_any_buffer_arrives(raw_and_channel: Ends) -> None:
    raw, channel = raw_and_channel
    whole = {"say": "end", "traceback": "x" * 1_000_000}
    sender = Thread(target=Channel(raw).send, args=(whole,))
    sender.start()
    assert channel.receive() == whole
    sender.join()


def test_what_came_before_the_close_is_read_before_the_close_is_noticed(raw_and_channel: Ends) -> None:
    raw, channel = raw_and_channel
    raw.send(b'{"say": "go"}\n{"say": "stop"}\n{"say": "half')
    raw.close()
    assert channel.pending() == [GO, STOP]
    with pytest.raises(ChannelClosedError):
        channel.pending()
    with pytest.raises(ChannelClosedError):
        channel.receive()


def test_sending_to_nobody_says_so(raw_and_channel: Ends) -> None:
    raw, channel = raw_and_channel
    raw.close()
    with pytest.raises(ChannelClosedError):
        channel.send(GO)
    channel.close()
    with pytest.raises(ChannelClosedError):
        channel.send(GO)


def test_an_unread_answer_of_a_dead_peer_is_a_close_too(raw_and_channel: Ends) -> None:
    raw, channel = raw_and_channel
    channel.send(GO)  # never read, so the close becomes a reset
    raw.close()
    with pytest.raises(ChannelClosedError):
        channel.receive()


def test_numbers_of_numpy_arrive_as_numbers_and_nan_as_nan(raw_and_channel: Ends) -> None:
    raw, channel = raw_and_channel
    Channel(raw).send({"score": np.float32(0.5), "loss": float("nan"), "count": np.int64(3)})
    message = channel.receive()
    assert (message["score"], message["count"]) == (0.5, 3)
    assert message["loss"] != message["loss"]
