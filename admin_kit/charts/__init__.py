"""Charts that the server draws as SVG, without any script: lines over time, and small bars."""
