"""The attest probe: nothing is measured, a person looks and says so."""

from bot.domain.probes import AttestProbe
from bot.probes.scene import Found, Scene, Unread


class Attested:
    """Reads nothing: only a person's word, recorded elsewhere, can answer."""

    def source(self, probe: AttestProbe) -> str:
        return f"{probe.by}: {probe.ask}"

    async def read(self, probe: AttestProbe, scene: Scene) -> Found:  # noqa: ARG002 - every adapter is asked alike
        raise Unread("awaits a person's word")
