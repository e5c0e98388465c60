"""The HTML page of a gateway in front of the provider."""

from http.client import responses
from typing import Literal

from pydantic import Field
from typing_extensions import override

from seawall_simulators.fault import Context, Fault
from seawall_simulators.script import Script, whole

_PAGE = """<html>
<head><title>{title}</title></head>
<body>
<center><h1>{title}</h1></center>
<hr><center>nginx</center>
</body>
</html>
"""


class GatewayHtml(Fault, frozen=True):
    """Answers as a reverse proxy does that cannot reach the provider, 200 included."""

    fault: Literal["gateway_html"] = "gateway_html"
    status: int = Field(default=502, ge=200, le=599)

    @override
    def apply(self, script: Script, context: Context) -> Script:
        title = f"{self.status} {responses.get(self.status, '')}".rstrip()
        return whole(self.status, (("server", "nginx"),), _PAGE.format(title=title).encode(), "text/html")
