"""Every place where moto is changed, in one list. An entry goes away when moto does by itself what it closes.

moto looks its classes up in three places: the backend class in a `BackendDict`, the response class in a service's
`url_paths`, and a model class in the module that makes it. Each is replaced by a subclass of what stood there.
"""

import moto.apigateway.urls
import moto.apigatewayv2.models
import moto.apigatewayv2.responses
import moto.apigatewayv2.urls
import moto.awslambda.models
import moto.awslambda.urls
import moto.cloudwatch.models
import moto.cloudwatch.urls
import moto.logs.urls
import moto.s3.models
import moto.sqs.models
import moto.sqs.urls

from selador_local.control_plane.front_door.code_locations import CodeLocations
from selador_local.control_plane.moto_overlay import apigatewayv2, cloudwatch, cloudwatch_logs, lambda_, s3
from selador_local.control_plane.moto_overlay.sqs.api import Backend as SqsBackend
from selador_local.control_plane.moto_overlay.sqs.api import Response as SqsApi
from selador_local.control_plane.moto_overlay.sqs.queue import Queue


def install(data_plane_port: int, code_locations: CodeLocations) -> None:
    """Register the overlay. Call it once, before moto has made a backend."""
    apigatewayv2.Backend.data_plane_port = data_plane_port
    moto.apigatewayv2.models.apigatewayv2_backends.backend = apigatewayv2.Backend
    # moto serves both of API Gateway's versions from the older one's map.
    for url_paths in (moto.apigateway.urls.url_paths, moto.apigatewayv2.urls.url_paths):
        for path, handler in url_paths.items():
            if handler == moto.apigatewayv2.responses.ApiGatewayV2Response.dispatch:
                url_paths[path] = apigatewayv2.Response.dispatch
        url_paths.update(dict.fromkeys(apigatewayv2.PATHS, apigatewayv2.Response.dispatch))

    moto.cloudwatch.models.cloudwatch_backends.backend = cloudwatch.Backend
    _serve(moto.cloudwatch.urls.url_paths, cloudwatch.Response)

    lambda_.Response.code_locations = code_locations
    moto.awslambda.models.LambdaFunction = lambda_.Function
    moto.awslambda.models.lambda_backends.backend = lambda_.Backend
    _serve(moto.awslambda.urls.url_paths, lambda_.Response)

    _serve(moto.logs.urls.url_paths, cloudwatch_logs.Response)

    moto.s3.models.FakeBucket = s3.Bucket

    moto.sqs.models.Queue = Queue
    moto.sqs.models.sqs_backends.backend = SqsBackend
    _serve(moto.sqs.urls.url_paths, SqsApi)


def _serve(url_paths: dict[str, object], response: type) -> None:
    """Have one response class answer a service's paths."""
    for path in url_paths:
        url_paths[path] = response.dispatch  # type: ignore[attr-defined] # moto's BaseResponse has it
