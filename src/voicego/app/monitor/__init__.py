"""`voicego monitor`: what is heard now and how it is judged, from the running voicego or from an ear of its own."""
