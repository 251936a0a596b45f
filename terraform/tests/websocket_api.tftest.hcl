provider "aws" {
  access_key                  = "none"
  region                      = "eu-central-1"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_resource {
  target = aws_apigatewayv2_api.this
  values = {
    api_endpoint  = "wss://abcdefghij.execute-api.eu-central-1.amazonaws.com"
    execution_arn = "arn:aws:execute-api:eu-central-1:111122223333:abcdefghij"
    id            = "abcdefghij"
  }
}

override_resource {
  target = aws_apigatewayv2_integration.handler
  values = { id = "integration" }
}

override_resource {
  target = aws_apigatewayv2_route.this
}

override_resource {
  target = aws_apigatewayv2_route_response.this
}

override_resource {
  target = aws_apigatewayv2_deployment.this
  values = { id = "deployment" }
}

override_resource {
  target = aws_apigatewayv2_stage.this
}

override_resource {
  target = aws_cloudwatch_log_group.access
  values = { arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/apigateway/selador-test/access" }
}

override_resource {
  target = aws_cloudwatch_log_group.execution
}

override_resource {
  target = aws_lambda_permission.authorizer
}

override_resource {
  target = aws_lambda_permission.route
}

override_resource {
  target = aws_apigatewayv2_domain_name.this
  values = {
    id = "answers.example.com"
    domain_name_configuration = {
      hosted_zone_id     = "Z1"
      target_domain_name = "d-abcdefghij.execute-api.eu-central-1.amazonaws.com"
    }
  }
}

override_resource {
  target = aws_apigatewayv2_api_mapping.this
}

override_resource {
  target = aws_apigatewayv2_authorizer.jwt
  values = { id = "authorizer" }
}

variables {
  authorization       = "none"
  execution_log_level = "ERROR"
  handler = {
    function_name   = "selador-test-websocket-handler"
    qualifier       = "live"
    invoke_arn      = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:selador-test-websocket-handler:live/invocations"
    timeout_seconds = 29
  }
  handler_alias_arn  = "arn:aws:lambda:eu-central-1:111122223333:function:selador-test-websocket-handler:live"
  log_retention_days = 30
  name               = "selador-test"
  stage_name         = "test"
  throttling = {
    burst_limit = 20
    rate_limit  = 10
  }
}

run "sends_every_route_to_the_handler_and_answers_where_there_is_a_client" {
  module {
    source = "./modules/websocket_api"
  }

  assert {
    condition     = aws_apigatewayv2_api.this.protocol_type == "WEBSOCKET" && aws_apigatewayv2_api.this.route_selection_expression == "$request.body.action"
    error_message = "The API is a ${aws_apigatewayv2_api.this.protocol_type} API that routes by ${aws_apigatewayv2_api.this.route_selection_expression}."
  }

  assert {
    condition     = keys(aws_apigatewayv2_route.this) == ["$connect", "$default", "$disconnect", "invoke", "ping"]
    error_message = "The routes are ${join(", ", keys(aws_apigatewayv2_route.this))}."
  }

  assert {
    condition     = alltrue([for route in aws_apigatewayv2_route.this : route.target == "integrations/integration"])
    error_message = "A route has another target."
  }

  assert {
    condition = (
      aws_apigatewayv2_integration.handler.integration_type == "AWS_PROXY"
      && aws_apigatewayv2_integration.handler.integration_uri == var.handler.invoke_arn
      && aws_apigatewayv2_integration.handler.timeout_milliseconds == 29000
    )
    error_message = "The integration is ${jsonencode(aws_apigatewayv2_integration.handler)}."
  }

  assert {
    condition = [
      for key, route in aws_apigatewayv2_route.this : key if route.route_response_selection_expression == "$default"
    ] == ["$default", "invoke", "ping"]
    error_message = "Other routes select a response than $default, invoke and ping."
  }

  assert {
    condition     = keys(aws_apigatewayv2_route_response.this) == ["$default", "invoke", "ping"]
    error_message = "Other routes have a response than $default, invoke and ping: ${join(", ", keys(aws_apigatewayv2_route_response.this))}."
  }
}

run "permits_api_gateway_to_call_the_alias_for_these_routes_of_this_stage_alone" {
  command = plan

  module {
    source = "./modules/websocket_api"
  }

  assert {
    condition = { for key, permission in aws_lambda_permission.route : key => permission.source_arn } == {
      for key in ["$connect", "$default", "$disconnect", "invoke", "ping"] :
      key => "arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/test/${key}"
    }
    error_message = "The permissions are for ${jsonencode([for permission in aws_lambda_permission.route : permission.source_arn])}."
  }

  assert {
    condition = alltrue([
      for permission in aws_lambda_permission.route :
      permission.principal == "apigateway.amazonaws.com" && permission.qualifier == "live" && permission.action == "lambda:InvokeFunction"
    ])
    error_message = "A permission is for another principal, alias or action."
  }
}

run "serves_the_deployment_with_both_throttles_set_and_no_bodies_logged" {
  command = plan

  module {
    source = "./modules/websocket_api"
  }

  assert {
    condition     = aws_apigatewayv2_stage.this.deployment_id == "deployment" && aws_apigatewayv2_stage.this.name == "test"
    error_message = "The stage ${aws_apigatewayv2_stage.this.name} serves ${aws_apigatewayv2_stage.this.deployment_id}."
  }

  assert {
    condition = alltrue([
      for settings in aws_apigatewayv2_stage.this.default_route_settings :
      settings.throttling_rate_limit == 10 && settings.throttling_burst_limit == 20
      && settings.logging_level == "ERROR" && !settings.data_trace_enabled
    ])
    error_message = "The stage's settings are ${jsonencode(aws_apigatewayv2_stage.this.default_route_settings)}."
  }

  assert {
    condition = alltrue([
      for field in values(jsondecode(aws_apigatewayv2_stage.this.access_log_settings[0].format)) :
      startswith(field, "$context.")
    ])
    error_message = "The access log has something that isn't of the request's context: ${aws_apigatewayv2_stage.this.access_log_settings[0].format}."
  }
}

run "hands_out_its_urls_and_the_right_to_post_to_this_stage_alone" {
  command = plan

  module {
    source = "./modules/websocket_api"
  }

  assert {
    condition     = output.websocket_url == "wss://abcdefghij.execute-api.eu-central-1.amazonaws.com/test"
    error_message = "Clients are told ${output.websocket_url}."
  }

  assert {
    condition     = output.callback_url == "https://abcdefghij.execute-api.eu-central-1.amazonaws.com/test"
    error_message = "Answers are posted to ${output.callback_url}."
  }

  assert {
    condition = jsondecode(output.post_policy_json).Statement == [{
      Sid      = "PostToConnections"
      Effect   = "Allow"
      Action   = "execute-api:ManageConnections"
      Resource = "arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/test/POST/@connections/*"
    }]
    error_message = "The policy is ${output.post_policy_json}."
  }
}

run "refuses_a_stage_name_that_api_gateway_refuses" {
  command = plan

  module {
    source = "./modules/websocket_api"
  }

  variables {
    stage_name = "a.stage"
  }

  expect_failures = [var.stage_name]
}

run "deploys_anew_when_the_handler_changes" {
  command = plan

  module {
    source = "./modules/websocket_api"
  }

  variables {
    handler = {
      function_name   = "selador-test-websocket-handler"
      qualifier       = "live"
      invoke_arn      = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:another:live/invocations"
      timeout_seconds = 29
    }
  }

  assert {
    condition     = aws_apigatewayv2_deployment.this.triggers.routes != run.sends_every_route_to_the_handler_and_answers_where_there_is_a_client.deployment_trigger
    error_message = "The stage would go on calling the handler that was there before."
  }
}

run "deploys_anew_when_a_route_is_made_anew" {
  state_key = "other_route"

  override_resource {
    target = aws_apigatewayv2_route.this
    values = { id = "another" }
  }

  module {
    source = "./modules/websocket_api"
  }

  assert {
    condition     = aws_apigatewayv2_deployment.this.triggers.routes != run.sends_every_route_to_the_handler_and_answers_where_there_is_a_client.deployment_trigger
    error_message = "The stage would go on serving the route that was there before."
  }
}

run "deploys_anew_when_a_route_response_is_made_anew" {
  state_key = "other_route_response"

  override_resource {
    target = aws_apigatewayv2_route_response.this
    values = { id = "another" }
  }

  module {
    source = "./modules/websocket_api"
  }

  assert {
    condition     = aws_apigatewayv2_deployment.this.triggers.routes != run.sends_every_route_to_the_handler_and_answers_where_there_is_a_client.deployment_trigger
    error_message = "The stage would go on without the route response."
  }
}

run "deploys_anew_when_the_integration_is_made_anew" {
  state_key = "other_integration"

  override_resource {
    target = aws_apigatewayv2_integration.handler
    values = { id = "another" }
  }

  module {
    source = "./modules/websocket_api"
  }

  assert {
    condition     = aws_apigatewayv2_deployment.this.triggers.routes != run.sends_every_route_to_the_handler_and_answers_where_there_is_a_client.deployment_trigger
    error_message = "The stage would go on with the integration that was there before."
  }
}

run "deploys_nothing_for_what_no_route_is_made_of" {
  command = plan

  module {
    source = "./modules/websocket_api"
  }

  variables {
    execution_log_level = "OFF"
    kms_key             = { arn = "arn:aws:kms:eu-central-1:111122223333:key/a-key" }
    log_retention_days  = 90
    name                = "selador-other"
    stage_name          = "other"
    throttling          = { burst_limit = 2, rate_limit = 1 }
  }

  assert {
    condition     = aws_apigatewayv2_deployment.this.triggers.routes == run.sends_every_route_to_the_handler_and_answers_where_there_is_a_client.deployment_trigger
    error_message = "Routes would be deployed anew though none has changed."
  }
}

run "answers_by_a_name_of_its_own_and_posts_by_awss" {
  state_key = "custom_domain"

  module {
    source = "./modules/websocket_api"
  }

  variables {
    custom_domain = {
      certificate_arn = "arn:aws:acm:eu-central-1:111122223333:certificate/a-certificate"
      mapping_key     = "v1"
      name            = "answers.example.com"
    }
  }

  assert {
    condition     = output.websocket_url == "wss://answers.example.com/v1"
    error_message = "Clients are told ${output.websocket_url}."
  }

  assert {
    condition     = output.callback_url == "https://abcdefghij.execute-api.eu-central-1.amazonaws.com/test"
    error_message = "Answers are posted to ${output.callback_url}; a custom domain's path does not name the stage."
  }

  assert {
    condition     = aws_apigatewayv2_api_mapping.this[0].stage == "test" && aws_apigatewayv2_api_mapping.this[0].domain_name == "answers.example.com"
    error_message = "The name leads to ${aws_apigatewayv2_api_mapping.this[0].domain_name}, stage ${aws_apigatewayv2_api_mapping.this[0].stage}."
  }
}

run "refuses_a_custom_domain_without_an_acm_certificate_and_with_a_path_of_two_parts" {
  command = plan

  module {
    source = "./modules/websocket_api"
  }

  variables {
    custom_domain = {
      certificate_arn = "arn:aws:iam::111122223333:server-certificate/a-certificate"
      mapping_key     = "v1/chat"
      name            = "answers.example.com"
    }
  }

  expect_failures = [var.custom_domain]
}

run "refuses_a_handler_that_may_work_on_after_api_gateway_has_given_up" {
  command = plan

  module {
    source = "./modules/websocket_api"
  }

  variables {
    handler = {
      function_name   = "selador-test-websocket-handler"
      qualifier       = "live"
      invoke_arn      = "an-invoke-arn"
      timeout_seconds = 30
    }
  }

  expect_failures = [var.handler]
}

run "asks_nobody_where_authorization_is_none" {
  command = plan

  module {
    source = "./modules/websocket_api"
  }

  assert {
    condition     = alltrue([for route in aws_apigatewayv2_route.this : route.authorization_type == "NONE"])
    error_message = "A route has another authorization: ${jsonencode({ for key, route in aws_apigatewayv2_route.this : key => route.authorization_type })}."
  }

  assert {
    condition     = length(aws_apigatewayv2_authorizer.jwt) == 0
    error_message = "There is an authorizer that no route asks."
  }
}

run "asks_the_authorizer_at_connect_alone_and_only_for_who_brings_a_token" {
  module {
    source = "./modules/websocket_api"
  }

  variables {
    authorization = "jwt"
    authorizer = {
      function = {
        function_name = "selador-test-authorizer"
        invoke_arn    = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:selador-test-authorizer:live/invocations"
        qualifier     = "live"
      }
      identity_sources = ["route.request.header.Sec-WebSocket-Protocol"]
    }
  }

  assert {
    condition = jsonencode({ for key, route in aws_apigatewayv2_route.this : key => [route.authorization_type, route.authorizer_id] }) == jsonencode({
      "$connect"    = ["CUSTOM", "authorizer"]
      "$default"    = ["NONE", null]
      "$disconnect" = ["NONE", null]
      "invoke"      = ["NONE", null]
      "ping"        = ["NONE", null]
    })
    error_message = "The routes' authorization is ${jsonencode({ for key, route in aws_apigatewayv2_route.this : key => [route.authorization_type, route.authorizer_id] })}."
  }

  assert {
    condition = (
      aws_apigatewayv2_authorizer.jwt[0].authorizer_type == "REQUEST"
      && aws_apigatewayv2_authorizer.jwt[0].authorizer_uri == var.authorizer.function.invoke_arn
      && aws_apigatewayv2_authorizer.jwt[0].identity_sources == toset(["route.request.header.Sec-WebSocket-Protocol"])
    )
    error_message = "The authorizer is ${jsonencode(aws_apigatewayv2_authorizer.jwt[0])}."
  }

  assert {
    condition = (
      aws_lambda_permission.authorizer[0].source_arn == "arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/authorizers/*"
      && aws_lambda_permission.authorizer[0].function_name == "selador-test-authorizer"
      && aws_lambda_permission.authorizer[0].qualifier == "live"
      && aws_lambda_permission.authorizer[0].principal == "apigateway.amazonaws.com"
    )
    error_message = "The authorizer may be called by ${jsonencode(aws_lambda_permission.authorizer[0])}."
  }
}

run "has_the_handshake_signed_where_authorization_is_iam" {
  command = plan

  module {
    source = "./modules/websocket_api"
  }

  variables {
    authorization = "iam"
  }

  assert {
    condition     = { for key, route in aws_apigatewayv2_route.this : key => route.authorization_type if route.authorization_type != "NONE" } == { "$connect" = "AWS_IAM" }
    error_message = "The routes' authorization is ${jsonencode({ for key, route in aws_apigatewayv2_route.this : key => route.authorization_type })}."
  }

  assert {
    condition = jsondecode(output.connect_policy_json).Statement == [{
      Sid      = "Connect"
      Effect   = "Allow"
      Action   = "execute-api:Invoke"
      Resource = "arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/test/$connect"
    }]
    error_message = "The policy is ${output.connect_policy_json}."
  }
}

run "keeps_an_authorizer_that_no_route_asks" {
  command = plan

  module {
    source = "./modules/websocket_api"
  }

  variables {
    authorization = "none"
    authorizer = {
      function = {
        function_name = "selador-test-authorizer"
        invoke_arn    = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-central-1:111122223333:function:selador-test-authorizer:live/invocations"
        qualifier     = "live"
      }
      identity_sources = []
    }
  }

  assert {
    condition     = length(aws_apigatewayv2_authorizer.jwt) == 1 && alltrue([for route in aws_apigatewayv2_route.this : route.authorization_type == "NONE" && route.authorizer_id == null])
    error_message = "The authorizer is gone, or a route asks it."
  }
}

run "logs_what_is_switched_on_before_the_stage_can" {
  command = plan

  module {
    source = "./modules/websocket_api"
  }

  assert {
    condition = [for group in concat(aws_cloudwatch_log_group.access, aws_cloudwatch_log_group.execution) : "${group.name} ${group.retention_in_days}"] == [
      "/aws/apigateway/selador-test/access 30", "/aws/apigateway/abcdefghij/test 30",
    ]
    error_message = "The log groups are ${jsonencode([aws_cloudwatch_log_group.access, aws_cloudwatch_log_group.execution])}."
  }
}

run "logs_nothing_where_nothing_is_switched_on" {
  state_key = "unlogged"

  module {
    source = "./modules/websocket_api"
  }

  variables {
    access_log_enabled  = false
    execution_log_level = "OFF"
  }

  assert {
    condition = (
      length(aws_cloudwatch_log_group.access) == 0 && length(aws_cloudwatch_log_group.execution) == 0
      && length(aws_apigatewayv2_stage.this.access_log_settings) == 0
      && output.access_log_group_name == null && output.execution_log_group_name == null
    )
    error_message = "The stage logs, so that it needs the account's log role."
  }
}

run "refuses_jwt_without_an_authorizer" {
  command = plan

  module {
    source = "./modules/websocket_api"
  }

  variables {
    authorization = "jwt"
  }

  expect_failures = [var.authorization]
}
