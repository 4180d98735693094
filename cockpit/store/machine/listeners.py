"""Sockets on which processes wait for others, and whether only this machine can reach them."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Listener:
    """One listening TCP socket, or one UDP socket that takes datagrams from anybody."""

    pid: int
    protocol: str  # "tcp" or "udp"
    address: str
    port: int

    @property
    def beyond(self) -> bool:
        """Whether another machine may reach it."""
        address = ipaddress.ip_address(self.address.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        return not (mapped or address).is_loopback

    @property
    def where(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}" + (" udp" if self.protocol == "udp" else "")


def listeners(processes: Iterable[psutil.Process]) -> Iterator[Listener]:
    """Where these processes listen, as far as this user may know it."""
    for process in processes:
        try:
            connections = process.net_connections("inet")
        except (psutil.Error, OSError):
            continue  # gone, or not ours to look at
        for connection in connections:
            datagrams = connection.type == socket.SOCK_DGRAM and connection.laddr and not connection.raddr
            if datagrams or connection.status == psutil.CONN_LISTEN:
                address, port = connection.laddr
                yield Listener(process.pid, "udp" if datagrams else "tcp", address, port)
