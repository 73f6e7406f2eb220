"""The published contract: an OpenAPI document and a JSON Schema, made from the structs that go over the wire."""
