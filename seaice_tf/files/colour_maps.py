"""The colour map `ice` of cmocean 4.0.3, dark sea to white ice: 256 colours of red, green, blue.

Its lightness rises evenly, so it reads in grey and to colour-blind eyes (Thyng et al. 2016,
doi:10.5670/oceanog.2016.66). The table is under cmocean's licence:

The MIT License (MIT)

Copyright (c) 2015 Kristen M. Thyng

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""

TABLE = bytes.fromhex(
    "040613050614050715060817070918080a1a090b1b0a0c1d0b0d1e0c0d1f0d0e210e0f220f1024101125"
    "11122712132813132a14142b15152c16162e17172f1718311818321919341a1a351b1b371c1c381d1c3a"
    "1e1d3b1f1e3d1f1f3e201f4021204122214323224424224625234725244926254a27254c28264e29274f"
    "2928512a28522b29542c2a552c2b572d2b592e2c5a2f2d5c2f2e5e302f5f312f61313062323164333266"
    "33326734336935346b35356c36356e363670373771383873383975393976393a783a3b7a3a3c7b3a3d7d"
    "3b3e7f3b3e803c3f823c40843c41853d42873d43893d448a3e458c3e468d3e478f3e48903e49923e4993"
    "3f4a953f4b963f4c973f4e993f4f9a3f509b3f519d3f529e3f539f3f54a03f55a13f56a23f57a33f58a4"
    "3f59a53e5aa63e5ca73e5da83e5ea93e5faa3e60ab3e61ab3e62ac3e63ad3e65ad3e66ae3e67af3e68af"
    "3e69b03e6ab03f6bb13f6cb23f6eb23f6fb33f70b33f71b44072b44073b44074b54075b54176b64178b6"
    "4279b7427ab7427bb7437cb8437db8447eb9447fb94580b94581ba4682ba4684bb4785bb4786bb4887bc"
    "4988bc4989bc4a8abd4b8bbd4b8cbd4c8dbe4d8ebe4e8fbf4e90bf4f91bf5092c05194c05195c05296c1"
    "5397c15498c25599c2559ac2569bc3579cc3589dc3599ec45a9fc45ba0c55ca1c55da2c55ea3c65fa4c6"
    "5fa6c760a7c761a8c762a9c863aac864abc965acc967adc968aeca69afca6ab0cb6bb1cb6cb2cb6db3cc"
    "6eb4cc6fb5cd71b6cd72b8ce73b9ce74bace75bbcf77bccf78bdd079bed07bbfd07cc0d17dc1d17fc2d2"
    "80c3d282c4d383c5d385c6d386c7d488c8d489c9d58bcad58ccbd68eccd690cdd792ced793cfd895d0d8"
    "97d1d999d2d99ad3da9cd4da9ed5dba0d6dca2d6dca4d7dda6d8dea8d9dea9dadfabdbe0addce0afdde1"
    "b1dee2b3dfe3b5e0e3b7e1e4b9e2e5bae3e6bce4e7bee5e7c0e6e8c2e6e9c4e7eac6e8ebc8e9ecc9eaed"
    "cbebeecdecefcfedefd1eef0d3eff1d5f0f2d6f1f3d8f2f4daf3f5dcf4f6def5f7e0f6f8e1f7f9e3f9fa"
    "e5fafbe7fbfbe8fcfceafdfd"
)
