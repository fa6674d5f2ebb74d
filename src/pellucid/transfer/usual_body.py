"""The network whose features are taken where none is named."""

BODY = "efficientnet-lite0"
