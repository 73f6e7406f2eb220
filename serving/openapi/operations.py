"""Every route of the service for machines, in the order in which a reader meets them. Start reading at `OPERATIONS`."""

from typing import Any

from serving.campaigns.schemas import CampaignDetail, CampaignsAnswer, ContactsAnswer
from serving.changes.feed import CURSOR, LIMIT, ChangesAnswer
from serving.customer_view import LONGEST_ID, Customer
from serving.event_schemas import EventsAnswer, EventsRequest
from serving.info_schemas import FeaturesAnswer, ModelInfo, ModelsAnswer
from serving.openapi.form import LANGUAGE, TOP_REASONS, Operation, Schema, Told, in_path, query
from serving.replay_schemas import Replay
from serving.schemas import MOST_CUSTOMERS, ScoreAnswer, ScoreRequest
from serving.what_if_schemas import WhatIfAnswer, WhatIfRequest

HTML, TEXT = "text/html", "text/plain"
SCORES, EVENTS, CUSTOMERS, CAMPAIGNS, ABOUT, HEALTH = "scores", "events", "customers", "campaigns", "about", "health"
EXAMPLE: dict[str, Any] = {"customer_ids": ["C000123", "C000456"], "language": "en", "top_reasons": 3}
EVENTS_EXAMPLE: dict[str, Any] = {
    "events": [
        {"customer_id": "C000123", "event_id": "till-4711", "event_type": "order", "amount": 49.9, "channel": "shop",
         "event_timestamp": "2025-01-31T12:00:00+08:00"},
    ]
}  # fmt: skip
WHAT_IF_EXAMPLE: dict[str, Any] = {
    "customers": [
        {"customer_id": "C000123",
         "events": [{"event_id": "1", "event_type": "order", "amount": 49.9,
                     "event_timestamp": "2025-01-31T12:00:00+08:00"}]},
        {"events": [{"event_id": "1", "event_type": "order", "amount": 20,
                     "event_timestamp": "2025-01-02T12:00:00+08:00"}]},
    ],
    "language": "en",
}  # fmt: skip
CUSTOMER_ID = in_path(
    "customer_id", {"type": "string", "minLength": 1, "maxLength": LONGEST_ID}, "Percent-encoded.", "C000123"
)
READY: Schema = {"type": "object", "required": ["status"], "properties": {"status": {"const": "ready"}}}
ALIVE: Schema = {"type": "object", "required": ["status"], "properties": {"status": {"const": "alive"}}}
NOT_READY = ("not_ready", "Not ready: starting, ending, or the on-line store does not answer.")
UNKNOWN_CUSTOMER = ("unknown_customer", "Nothing is known of this customer.")
GONE_CUSTOMER = ("erased", "Whom it spoke of was forgotten.")

SCORING = (
    Operation(
        "post", "/v1/score", SCORES, "score", "Score 1 to 1000 customers",
        "For each: a calibrated probability with its reasons, or an abstention that says why not.", "score",
        {"200": Told("One answer an id, in their order", ScoreAnswer)}, body=ScoreRequest, example=EXAMPLE,
    ),
    Operation(
        "post", "/v1/what-if", SCORES, "whatIf", "Score customers as somebody imagines them",
        "From events given in the call, beside those of a known customer or alone. Nothing is stored or logged.",
        "score", {"200": Told("One answer a customer, in their order", WhatIfAnswer)}, body=WhatIfRequest,
        example=WHAT_IF_EXAMPLE,
    ),
    Operation(
        "get", "/v1/scores", SCORES, "changes", "Scores that changed since a cursor",
        "Each customer of whom there is something new, once, as they stand now; without `since` everybody.", "score",
        {"200": Told("Scores, and the cursor to go on with", ChangesAnswer)},
        {"410": ("cursor_gone", "The journal did not give this cursor, or was begun anew since.")},
        (
            query("since", {"type": "string", "pattern": CURSOR}, "`next` of the last answer; unset: everybody."),
            query(
                "limit", {"type": "integer", "minimum": 1, "maximum": MOST_CUSTOMERS, "default": LIMIT},
                "At most so many customers.", 10,
            ),
            query(
                "what", {"type": "string", "enum": ["all", "band"], "default": "all"},
                "`band`: a change of the probability alone is nothing new.", "band",
            ),
            LANGUAGE, TOP_REASONS,
        ),
        asks="/v1/scores?limit=10&what=band",
    ),
    Operation(
        "get", "/v1/scores/{score_id}", SCORES, "replay", "Make an answer of the past again",
        "From the archived model and the features as they were known then; names what was altered since.", "score",
        {"200": Told("The answer beside what was told then", Replay)},
        {"404": ("unknown_score", "Nobody gave such an answer."), "410": GONE_CUSTOMER},
        (
            in_path(
                "score_id", {"type": "string", "pattern": "^[0-9a-f]{32}$"}, "Of an answer.",
                "0123456789abcdef0123456789abcdef",
            ),
            LANGUAGE, TOP_REASONS,
        ),
        asks="/v1/scores/0123456789abcdef0123456789abcdef?language=en",
    ),
)  # fmt: skip
FROM_OUTSIDE = (
    Operation(
        "post", "/v1/events", EVENTS, "events", "Take 1 to 1000 live events",
        "Stored durably before the answer leaves; the next score of their customers knows them. A bad event is "
        "rejected by itself. Where the settings ask for it, signed as Standard Webhooks has it. Running the example "
        "stores an order: name a customer made for trying.", "events",
        {
            "202": Told("Something was stored; what became of each", EventsAnswer),
            "200": Told("Nothing new: all that could be taken was known before", EventsAnswer),
            "422": Told("Nothing could be taken; or no list of 1 to 1000 events", EventsAnswer),
        },
        {"409": ("already_received", "A signed message came before under its webhook-id.")},
        body=EventsRequest, example=EVENTS_EXAMPLE,
    ),
    Operation(
        "get", "/v1/customers/{customer_id}", CUSTOMERS, "customer", "One customer in one view",
        "Score and reasons, both models, the action that is due, last contacts, history and age of what we know.",
        "read", {"200": Told("The customer", Customer)}, {"404": UNKNOWN_CUSTOMER},
        (CUSTOMER_ID, LANGUAGE, TOP_REASONS),
        asks="/v1/customers/C000123?language=en&top_reasons=3",
    ),
    Operation(
        "delete", "/v1/customers/{customer_id}", CUSTOMERS, "forget", "Forget a customer",
        "They leave every store and are kept out from then on.", "erase",
        {"200": Told("The receipt: what was erased where; it names nobody", {"type": "object"})},
        {"404": ("unknown_customer", "No store knows this customer; with keep_out they are kept out all the same.")},
        (
            in_path("customer_id", {"type": "string", "minLength": 1}, "Percent-encoded, of any length.", "C000123"),
            query("keep_out", {"type": "boolean", "default": False}, "Keep them out even where nobody knows them."),
        ),
        asks="/v1/customers/C000123?keep_out=true",
    ),
)  # fmt: skip
CAMPAIGN = in_path("campaign", {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,59}$"}, "Its id.", "2025-spring")
UNKNOWN_CAMPAIGN = ("unknown_campaign", "Nobody planned such a campaign.")
OF_CAMPAIGNS = (
    Operation(
        "get", "/v1/campaigns", CAMPAIGNS, "campaigns", "Every campaign",
        "Who is in charge, how many were planned for and held out, when its effect can be told.", "read",
        {"200": Told("The campaigns", CampaignsAnswer)}, {"422": ("invalid_request", "There is a parameter.")},
    ),
    Operation(
        "get", "/v1/campaigns/{campaign}", CAMPAIGNS, "campaign", "One campaign",
        "The plan as it was written down, the writings of its lists, and what it did.", "read",
        {"200": Told("The campaign", CampaignDetail)},
        {"404": UNKNOWN_CAMPAIGN, "422": ("invalid_request", "There is a parameter.")}, (CAMPAIGN,),
        asks="/v1/campaigns/2025-spring",
    ),
    Operation(
        "get", "/v1/campaign-contacts/{campaign}", CAMPAIGNS, "campaignContacts", "Whom to contact",
        "As its lists were written last, page by page; who opted out since is left out, who was held out never in.",
        "read", {"200": Told("A page of them", ContactsAnswer)},
        {"404": UNKNOWN_CAMPAIGN, "409": ("not_exported", "Its lists were not written yet, or `window_over`.")},
        (
            CAMPAIGN, LANGUAGE, query("after", {"type": "string", "maxLength": 512}, "`next` of the page before."),
            query("limit", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 200}, "At most so many."),
            query("channel", {"type": "string", "pattern": "^[a-z_]{1,40}$"}, "By this way alone."),
        ),
        asks="/v1/campaign-contacts/2025-spring?limit=100",
    ),
)  # fmt: skip
ABOUT_IT = (
    Operation(
        "get", "/v1/features", ABOUT, "features", "The features that the models read",
        "In English and Chinese, with unit, group of reasons, window, and what is usual.", "read",
        {"200": Told("The features", FeaturesAnswer)}, {"422": ("invalid_request", "There is a parameter.")},
    ),
    Operation(
        "get", "/v1/models", ABOUT, "models", "The models that answer",
        "What they predict, their bands, how good they were held to be, what the gate said, since when they serve.",
        "read", {"200": Told("Both; null where there is no champion", ModelsAnswer)},
        {"422": ("invalid_request", "There is a parameter.")},
    ),
    Operation(
        "get", "/v1/models/{model}", ABOUT, "model", "One model that answers", "As in /v1/models.", "read",
        {"200": Told("The champion", ModelInfo)},
        {"404": ("unknown_model", "There is no such champion."), "422": ("invalid_request", "There is a parameter.")},
        (in_path("model", {"type": "string", "enum": ["churn", "reactivation"]}, "Which one.", "churn"),),
        asks="/v1/models/churn",
    ),
    Operation(
        "get", "/openapi.json", ABOUT, "openapi", "This document", "OpenAPI 3.1.", "read",
        {"200": Told("The document", {"type": "object"})},
    ),
    Operation(
        "get", "/v1/schema.json", ABOUT, "schema", "JSON Schema of all requests and answers",
        "Draft 2020-12; each request and answer is one of `$defs`.", "read",
        {"200": Told("The schema", {"type": "object"})},
    ),
    Operation("get", "/docs", ABOUT, "docs", "This document as a page", "With examples that run.", "read",
              {"200": Told("The page", HTML)}),
)  # fmt: skip
WATCHING = (
    Operation("get", "/livez", HEALTH, "livez", "Is the process alive?", "Says so while it answers at all.", None,
              {"200": Told("It is", ALIVE)}),
    Operation("get", "/healthz", HEALTH, "healthz", "The same", "As /livez.", None, {"200": Told("It is", ALIVE)}),
    Operation("get", "/readyz", HEALTH, "readyz", "Can it answer?",
              "Whoever may read is told with which champions, and what of the tables.", None,
              {"200": Told("It can", READY)}, {"503": NOT_READY}),
    Operation("get", "/metrics", HEALTH, "metrics", "For Prometheus", "All workers together.", "read",
              {"200": Told("The meters", TEXT)}),
)  # fmt: skip
OPERATIONS = (*SCORING, *FROM_OUTSIDE, *OF_CAMPAIGNS, *ABOUT_IT, *WATCHING)
