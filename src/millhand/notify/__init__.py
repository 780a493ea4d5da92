"""How others hear of jobs: calls to the API of the application that sent them."""
