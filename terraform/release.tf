# Which release serves: the state says so, for whoever plans with RELEASE=deployed or goes back to the one before.
resource "terraform_data" "release" {
  count = var.artifact_bucket == null ? 0 : 1

  input = filesha256("${var.dist_dir}/manifest.json")

  # An output alone would change although the functions did not. This is applied after them: if an apply fails before they
  # serve the new release, the state goes on naming the old one.
  depends_on = [module.authorizer, module.main, module.websocket_handler]
}
