"""What every verb needs: variables and keys from `.env` and the shell, options, output, the words for what fails."""
