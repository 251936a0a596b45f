"""All corrections of moto, in one list. An entry can go once moto itself does the same.

moto looks its classes up in three places: the backend class in a `BackendDict`, the response class in a service's
`url_paths`, and a model class in the module that makes it. Each is replaced by a subclass.
"""

import moto.apigateway.urls
import moto.apigatewayv2.models
import moto.apigatewayv2.responses
import moto.apigatewayv2.urls
import moto.awslambda.models
import moto.awslambda.urls
import moto.cloudwatch.models
import moto.cloudwatch.urls
import moto.logs.models
import moto.logs.urls
import moto.s3.models
import moto.sqs.models
import moto.sqs.urls

from selador_local.clock import StackClock
from selador_local.cloudwatch.metric_store import MetricStore
from selador_local.control_plane.front_door.code_locations import CodeLocations
from selador_local.control_plane.moto_overlay.apigatewayv2 import PATHS, ApiGatewayV2Api, ApiGatewayV2Backend
from selador_local.control_plane.moto_overlay.cloudwatch.alarms import CloudWatchApi, CloudWatchBackend
from selador_local.control_plane.moto_overlay.cloudwatch_logs import LogsApi, LogStream
from selador_local.control_plane.moto_overlay.lambda_ import ACCOUNT_SETTINGS, LambdaApi, LambdaBackend, LambdaFunction
from selador_local.control_plane.moto_overlay.s3 import Bucket
from selador_local.control_plane.moto_overlay.sqs.api import SqsApi, SqsBackend
from selador_local.control_plane.moto_overlay.sqs.queue import StandardQueue


def install(data_plane_port: int, code_locations: CodeLocations, clock: StackClock, metrics: MetricStore) -> None:
    """Register the overlay. Call it once, before moto has made a backend."""
    ApiGatewayV2Backend.data_plane_port = data_plane_port
    moto.apigatewayv2.models.apigatewayv2_backends.backend = ApiGatewayV2Backend
    # moto serves both of API Gateway's versions from the older one's map.
    for url_paths in (moto.apigateway.urls.url_paths, moto.apigatewayv2.urls.url_paths):
        for path, handler in url_paths.items():
            if handler == moto.apigatewayv2.responses.ApiGatewayV2Response.dispatch:
                url_paths[path] = ApiGatewayV2Api.dispatch
        url_paths.update(dict.fromkeys(PATHS, ApiGatewayV2Api.dispatch))

    CloudWatchApi.clock = CloudWatchBackend.clock = clock
    CloudWatchApi.metrics = metrics
    moto.cloudwatch.models.cloudwatch_backends.backend = CloudWatchBackend
    _serve(moto.cloudwatch.urls.url_paths, CloudWatchApi)

    LambdaApi.code_locations = code_locations
    moto.awslambda.models.LambdaFunction = LambdaFunction
    moto.awslambda.models.lambda_backends.backend = LambdaBackend
    moto.awslambda.urls.url_paths[ACCOUNT_SETTINGS] = LambdaApi.dispatch
    _serve(moto.awslambda.urls.url_paths, LambdaApi)

    LogsApi.clock = clock
    LogsApi.metrics = metrics
    moto.logs.models.LogStream = LogStream
    _serve(moto.logs.urls.url_paths, LogsApi)

    moto.s3.models.FakeBucket = Bucket

    StandardQueue.clock = clock
    moto.sqs.models.Queue = StandardQueue
    moto.sqs.models.sqs_backends.backend = SqsBackend
    _serve(moto.sqs.urls.url_paths, SqsApi)


def _serve(url_paths: dict[str, object], response: type) -> None:
    """Have one response class answer a service's paths."""
    for path in url_paths:
        url_paths[path] = response.dispatch  # type: ignore[attr-defined] # moto's BaseResponse has it
