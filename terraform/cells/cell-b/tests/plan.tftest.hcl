mock_provider "google" {}

run "can_be_planned" {
  command = plan
  assert {
    condition     = output.settings.CELL == local.cell.id
    error_message = "it is the cell of its cell.yaml"
  }
}
