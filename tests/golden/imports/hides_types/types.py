raise ImportError("not the types of the library")
