"""The single path of every call, with toy backends."""

import threading
import time

import numpy as np
import pytest
import toy

import mediarack as mr
from mediarack.plugin import WeightsSpec

SOURCE = b"some bytes"


def rack(*specs, **config):
    return mr.Rack(mr.Config(**config), plugins=[toy.plugin(*specs)])


def test_the_best_backend_is_chosen_and_recorded():
    with rack(toy.spec("p", "Prober", capability="probe", features=frozenset())) as it:
        provenance = it.probe(SOURCE).provenance
    assert (provenance.backend, provenance.placement, provenance.device) == ("p", "host", "cpu")
    assert provenance.details == {"seen": "yes"}
    assert provenance.engine_version
    assert provenance.seconds >= 0


def test_a_backend_that_proves_unusable_gives_way_and_is_named_with_its_reason():
    with (
        rack(
            toy.spec("a", "Missing", priority=3), toy.spec("b", "Unloadable", priority=2), toy.spec("c", "Counter")
        ) as it,
        it.iter_segments(SOURCE) as segments,
    ):
        next(segments)
        provenance = segments.provenance
    assert provenance.backend == "c"
    assert [str(reason) for reason in provenance.passed_over] == [
        "a: libtoy.so is not there",
        "b: toy cannot be loaded: OSError: libtoy.so: cannot open shared object file",
    ]


def test_when_all_prove_unusable_every_reason_is_told():
    with rack(toy.spec("a", "Missing"), toy.spec("b", "Unloadable")) as it:
        with pytest.raises(mr.BackendUnavailable, match=r"libtoy\.so is not there") as caught:
            it.transcribe(SOURCE)
    assert [reason.backend for reason in caught.value.passed_over] == ["a", "b"]


def test_an_engine_that_leaves_as_it_is_loaded_is_unusable_and_takes_nothing_with_it():
    with rack(toy.spec("a", "Leaving", priority=1), toy.spec("b", "Counter")) as it:
        with it.iter_segments(SOURCE) as segments:
            assert "SystemExit: no licence" in str(segments.provenance.passed_over[0])


def test_a_failure_of_the_engine_is_no_reason_to_fall_back():
    with rack(toy.spec("a", "Broken", priority=1), toy.spec("b", "Counter")) as it:
        with pytest.raises(mr.BackendFailed, match="KeyError: 'inside the engine'") as caught:
            it.transcribe(SOURCE)
    assert "def transcribe" not in str(caught.value)
    assert "raise KeyError" in caught.value.engine_traceback


def test_a_failure_after_the_first_item_is_told_as_such():
    with rack(toy.spec("a", "BreaksLate")) as it, it.iter_segments(SOURCE) as segments:
        assert next(segments).text == "first"
        with pytest.raises(mr.BackendFailed):
            next(segments)


def test_closing_a_stream_stops_the_work():
    toy.Counter.closed = False
    with rack(toy.spec("a", "Counter")) as it:
        with it.iter_segments(SOURCE) as segments:
            assert [next(segments).text for _ in range(3)] == ["0", "1", "2"]
        assert toy.Counter.closed


def test_a_stream_closed_before_its_first_item_was_taken_stops_the_work_too():
    toy.Counter.closed = False
    with rack(toy.spec("a", "Counter")) as it:
        it.iter_segments(SOURCE).close()
        assert toy.Counter.closed


def test_a_token_set_in_another_thread_cancels():
    token = mr.CancelToken()
    with rack(toy.spec("a", "Slow")) as it:
        threading.Timer(0.05, token.cancel).start()
        with pytest.raises(mr.Cancelled):
            it.transcribe(SOURCE, cancel=token)


def test_a_deadline_ends_the_call_and_names_itself():
    with rack(toy.spec("a", "Slow")) as it, pytest.raises(mr.DeadlineExceeded, match=r"0\.05 s"):
        it.transcribe(SOURCE, deadline=0.05)


def test_a_deadline_holds_for_a_stream_that_is_slowly_read():
    with rack(toy.spec("a", "Counter")) as it, it.iter_segments(SOURCE, deadline=0.1) as segments:
        next(segments)
        time.sleep(0.15)
        with pytest.raises(mr.DeadlineExceeded):
            next(segments)


def test_progress_names_the_call():
    seen = []
    with rack(toy.spec("a", "Counter")) as it, it.iter_segments(SOURCE, progress=seen.append) as segments:
        next(segments), next(segments)
        call_id = segments.provenance.call_id
    assert [(p.call_id, p.backend, p.done, p.unit) for p in seen] == [(call_id, "a", n, "seconds") for n in range(2)]


def test_what_the_progress_function_raises_reaches_its_caller():
    def broken(progress):
        raise ZeroDivisionError

    with rack(toy.spec("a", "Counter")) as it, pytest.raises(ZeroDivisionError):
        it.transcribe(SOURCE, progress=broken)


def test_a_call_that_a_backend_makes_is_part_of_its_record():
    with rack(toy.spec("a", "Asking"), toy.spec("p", "Prober", capability="probe", features=frozenset())) as it:
        transcript = it.transcribe(SOURCE)
    assert transcript.text == "toy"
    assert [(call.capability, call.backend) for call in transcript.provenance.calls] == [("probe", "p")]


def test_reasons_of_selection_are_in_words_a_user_can_act_on():
    with (
        rack(
            toy.spec("off", "Counter"),
            toy.spec("gone", "Counter", engine="no-such-engine"),
            toy.spec("plain", "Counter", features=frozenset()),
            toy.spec("files", "Counter", inputs=frozenset({"path"})),
            toy.spec("heavy", "Counter", light=False),
            disabled=frozenset({"off"}),
        ) as it,
        pytest.raises(mr.BackendUnavailable) as caught,
    ):
        it.transcribe(SOURCE)
    assert {reason.backend: reason.reason for reason in caught.value.passed_over} == {
        "off": "disabled by configuration",
        "gone": "no-such-engine is not installed: pip install no-such-engine",
        "plain": "cannot do vad",
        "files": "cannot read from bytes (reads path)",
        "heavy": "is not light enough for the host process",
    }


def test_a_device_nobody_has_is_a_reason():
    with (
        rack(toy.spec("a", "Counter")) as it,
        pytest.raises(mr.BackendUnavailable, match=r"cannot use cuda \(runs on cpu\)"),
    ):
        it.transcribe(SOURCE, device="cuda")


def test_a_wrong_backend_name_suggests_the_right_one():
    with rack(toy.spec("counter", "Counter")) as it, pytest.raises(mr.BadInput, match="did you mean 'counter'"):
        it.transcribe(SOURCE, backend="countre")


def test_a_preferred_backend_comes_first():
    specs = (toy.spec("a", "Broken", priority=9), toy.spec("b", "Counter"))
    with rack(*specs, prefer={"transcribe": "b"}) as it, it.iter_segments(SOURCE) as segments:
        assert segments.provenance.backend == "b"


def test_a_preferred_backend_that_is_not_there_is_told():
    with rack(toy.spec("a", "Counter"), prefer={"transcribe": "b"}) as it, it.iter_segments(SOURCE) as segments:
        assert [reason.backend for reason in segments.provenance.passed_over] == ["b"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"deadline": 0},
        {"threads": 0},
        {"device": "tpu"},
        {"deadlin": 3},
        {"backend": 5},
        {"progress": 5},
        {"cancel": 5},
    ],
    ids=str,
)
def test_wrong_arguments_of_a_call_are_told(wrong):
    with rack(toy.spec("a", "Counter")) as it, pytest.raises(mr.BadInput, match=next(iter(wrong))):
        it.transcribe(SOURCE, **wrong)


LANGUAGES = {"german": "de", "english": "en"}


def weights(tmp_path, **more):
    (tmp_path / "small").mkdir(exist_ok=True)
    (tmp_path / "small" / "model.bin").touch()
    return WeightsSpec(
        backend="a", name="small", repo="x/y", files=("*",), required=("model.bin",), size=1, license="MIT", **more
    )


@pytest.mark.parametrize("given", ["German", "de", "DE", "de-AT", "de_CH", " german "])
def test_a_language_is_known_by_name_and_code(tmp_path, given):
    config = mr.Config(weights_dirs=(tmp_path,))
    seen = []

    class Seen(toy.Counter):
        def transcribe(self, source, request, call):
            seen.append(request.language)
            return super().transcribe(source, request, call)

    toy.Seen = Seen
    plugin = toy.plugin(toy.spec("a", "Seen", languages=LANGUAGES), weights=(weights(tmp_path),))
    with mr.Rack(config, plugins=[plugin]) as it, it.iter_segments(SOURCE, language=given) as segments:
        next(segments)
    assert seen == ["de"]


def test_an_unknown_language_suggests_one():
    with rack(toy.spec("a", "Counter", languages=LANGUAGES)) as it:
        with pytest.raises(mr.BackendUnavailable, match="did you mean 'german'"):
            it.transcribe(SOURCE, language="germna")


def test_a_model_that_lacks_the_language_or_the_task_is_told(tmp_path):
    only = weights(tmp_path, languages=frozenset({"en"}), lacks=frozenset({"translate"}))
    features = frozenset({"vad", "translate"})
    plugin = toy.plugin(toy.spec("a", "Counter", languages=LANGUAGES, features=features), weights=(only,))
    with mr.Rack(mr.Config(weights_dirs=(tmp_path,)), plugins=[plugin]) as it:
        with pytest.raises(mr.BackendUnavailable, match="knows only en, not 'de'"):
            it.transcribe(SOURCE, language="de")
        with pytest.raises(mr.BackendUnavailable, match="not trained to translate"):
            it.transcribe(SOURCE, task="translate")


def test_a_closed_rack_says_so():
    it = rack(toy.spec("a", "Counter"))
    it.close()
    it.close()
    with pytest.raises(mr.BadInput, match="closed"):
        it.transcribe(SOURCE)


def test_several_sources_are_done_though_one_is_wrong(tmp_path):
    with rack(toy.spec("a", "Asking"), toy.spec("p", "Prober", capability="probe", features=frozenset())) as it:
        outcomes = list(it.transcribe_each([SOURCE, tmp_path / "gone", SOURCE]))
    assert [outcome.transcript is not None for outcome in outcomes] == [True, False, True]
    assert "no such file" in str(outcomes[1].error)


def test_the_device_is_for_the_backend_that_is_named_and_not_for_the_writers(tmp_path):
    separator = toy.spec(
        "s", "ThreeBlocks", capability="separate", features=frozenset({"stem:speech"}), devices=("cuda", "cpu")
    )
    writer = toy.spec(
        "w", "Writer", capability="write_audio", features=frozenset({"wav", "wav:s16"}), inputs=frozenset({"audio"})
    )
    with rack(separator, writer) as it:
        written = it.extract_stems(SOURCE, {"speech": tmp_path / "speech.wav"}, backend="s", device="cuda")
    assert written["speech"].stat().st_size == 3 * 8000 * 4


def test_waiting_for_an_engine_that_loads_obeys_the_deadline_and_lets_others_load():
    loading, prober = toy.spec("loading", "Loading"), toy.spec("prober", "Prober", "probe")
    toy.Loading.begun.clear()
    toy.Loading.may_be_there.clear()
    with mr.Rack(plugins=[toy.plugin(loading, prober)]) as rack:
        first = threading.Thread(target=lambda: rack.iter_segments(b"x").close())
        first.start()
        assert toy.Loading.begun.wait(30)
        try:
            with pytest.raises(mr.DeadlineExceeded):
                rack.transcribe(b"x", deadline=0.2)
            assert rack.probe(b"x").container == "toy"
        finally:
            toy.Loading.may_be_there.set()
            first.join()


def test_stems_are_a_mapping_of_names():
    stems = mr.Stems(names=("speech", "rest"), samples=np.zeros((2, 1, 8), np.float32), sample_rate=8000)
    assert list(stems) == ["speech", "rest"]
    assert "speech" in stems
    assert "vocals" not in stems
    assert {name: audio.num_samples for name, audio in dict(stems).items()} == {"speech": 8, "rest": 8}
