"""Boxes around things in pictures: Pascal VOC, COCO, YOLO and CSV files, recognised by content."""

from __future__ import annotations
